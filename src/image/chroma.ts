/**
 * Colour at one resolution, detail at another. The small colorized picture gives the chroma, the
 * photo gives the luma of every pixel. Chroma is spread by joint bilateral up-sampling (Kopf et al.
 * 2007). A pixel takes the colour of neighbours whose luma in the photo is like its own. So colours
 * end at the photo's edges, not where the small picture's pixels end.
 */
import { pause } from "../util/pause.ts";
import { createImage, type Image, luma, lumaOf } from "./image.ts";
import { resize } from "./resize.ts";

/** Neighbours in the answer on each side. */
const radius = 2;
/** Widths of the Gaussians: in pixels of the answer, and in luma, whose range is 2. */
const near = 0.8;
const alike = 0.12;

/** Milliseconds for which large photos may keep the event loop from others. */
const longestBlock = 100;

/**
 * The photo in the colours of `answer`, a smaller (or equal) picture of the same scene.
 * @returns a picture of the photo's size with exactly the photo's luma: where a colour does not
 * exist at that luma it is made paler
 */
export async function withChromaOf(photo: Image, answer: Image): Promise<Image> {
  const { width, height } = photo;
  const small = lumaOf(resize(photo, answer.width, answer.height));
  const [blue, red] = chromaOf(answer);
  const out = createImage(width, height);
  const pixels = width * height;
  const columns = neighbours(width, answer.width);
  const rows = neighbours(height, answer.height);
  for (let y = 0, i = 0, rested = performance.now(); y < height; y++) {
    if (performance.now() - rested > longestBlock) {
      await pause();
      rested = performance.now();
    }
    for (let x = 0; x < width; x++, i++) {
      const own = lumaAt(photo.data, i, pixels);
      let sum = 0;
      let cb = 0;
      let cr = 0;
      for (let r = rows.starts[y]!; r < rows.starts[y + 1]!; r++) {
        const at = rows.indices[r]! * answer.width;
        const down = rows.weights[r]!;
        for (let c = columns.starts[x]!; c < columns.starts[x + 1]!; c++) {
          const k = at + columns.indices[c]!;
          const weight = down * columns.weights[c]! * likeness(own - small[k]!);
          sum += weight;
          cb += weight * blue[k]!;
          cr += weight * red[k]!;
        }
      }
      paint(out.data, i, pixels, own, cb / sum, cr / sum);
    }
  }
  return out;
}

/** As `lumaOf` has it, to the bit; all of a large photo's would be 4 bytes a pixel more. */
function lumaAt(data: Float32Array, i: number, pixels: number): number {
  return Math.fround(luma(data[i]!, data[pixels + i]!, data[2 * pixels + i]!));
}

/** Cb and Cr of Rec. 601, not scaled: B - Y = 1.772 Cb, R - Y = 1.402 Cr. */
function chromaOf(image: Image): [blue: Float32Array, red: Float32Array] {
  const luma = lumaOf(image);
  const pixels = luma.length;
  return [
    luma.map((y, i) => (image.data[2 * pixels + i]! - y) / 1.772),
    luma.map((y, i) => (image.data[i]! - y) / 1.402),
  ];
}

/** The neighbours of all pixels of a line, one pixel's after the other's. */
interface Neighbours {
  /** Where those of each pixel begin; one more entry marks the end. */
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly weights: Float64Array;
}

/** For each of `length` pixels, the pixels of `count` around the same place. */
function neighbours(length: number, count: number): Neighbours {
  const most = length * (2 * radius + 1);
  const starts = new Int32Array(length + 1);
  const indices = new Int32Array(most);
  const weights = new Float64Array(most);
  let to = 0;
  for (let i = 0; i < length; i++) {
    const place = ((i + 0.5) * count) / length - 0.5;
    const middle = Math.round(place);
    for (let k = middle - radius; k <= middle + radius; k++) {
      if (k < 0 || k >= count) continue;
      indices[to] = k;
      weights[to++] = Math.exp(-0.5 * ((k - place) / near) ** 2);
    }
    starts[i + 1] = to;
  }
  return { starts, indices, weights };
}

const steps = 2048;
/** Never zero: where nothing around is alike, what is near counts. */
const likenesses = Float32Array.from({ length: steps + 1 }, (_, k) =>
  Math.max(1e-6, Math.exp(-0.5 * ((2 * k) / steps / alike) ** 2)),
);

function likeness(difference: number): number {
  return likenesses[Math.min(steps, Math.floor((Math.abs(difference) * steps) / 2 + 0.5))]!;
}

/** Writes a pixel of this luma; the colour is paled as far as the range asks for. */
function paint(
  data: Float32Array,
  i: number,
  pixels: number,
  luma: number,
  cb: number,
  cr: number,
): void {
  const red = 1.402 * cr;
  const green = -0.344136 * cb - 0.714136 * cr;
  const blue = 1.772 * cb;
  const share = Math.min(roomFor(red, luma), roomFor(green, luma), roomFor(blue, luma));
  data[i] = inRange(luma + share * red);
  data[pixels + i] = inRange(luma + share * green);
  data[2 * pixels + i] = inRange(luma + share * blue);
}

/** The share of `apart` that can be added to a luma, at most 1. */
function roomFor(apart: number, luma: number): number {
  if (luma + apart > 1) return Math.min(1, (1 - luma) / apart);
  if (luma + apart < -1) return Math.min(1, (-1 - luma) / apart);
  return 1;
}

function inRange(value: number): number {
  return Math.min(1, Math.max(-1, value));
}

/**
 * Changes an image's size the same way in Node and in a browser. As in libvips, areas are averaged
 * first where much is to be shrunk, and Lanczos3 does the rest, so that nothing aliases.
 */
import {
  type Box,
  centreSquare,
  checkBox,
  createImage,
  crop,
  type Image,
  type RgbBytes,
  toBytes,
} from "./image.ts";
import { filterLines, type Lines, lanczos3, linesOf, taps } from "./resample.ts";

/** Lanczos3 shrinks at least this many times; whole factors above are averaged before. */
const leastLanczos = 2;

/**
 * The whole image at another size, without regard to its aspect, clipped to [-1, 1]; the same
 * object when the size is equal.
 */
export function resize(image: Image, width: number, height: number): Image {
  if (image.width === width && image.height === height) return image;
  const [across, down] = [averaged(image.width, width), averaged(image.height, height)];
  const lines = across * down === 1 ? linesOf(image) : averagedLines(image, across, down);
  return lanczos(lines, image, across, down, width, height);
}

/**
 * The pixels inside `box`, at width x height.
 * @throws PaletteError when the box reaches outside the image.
 */
export function cropAndResize(image: Image, box: Box, width: number, height: number): Image {
  const whole = box.width === image.width && box.height === image.height;
  return resize(whole ? image : crop(image, box), width, height);
}

/** As `cropAndResize`, from bytes, reading the box alone: the way of the training data. */
export function cropAndResizeBytes(
  photo: RgbBytes,
  box: Box,
  width: number,
  height: number,
): Image {
  checkBox(box, photo.width, photo.height);
  const [across, down] = [averaged(box.width, width), averaged(box.height, height)];
  const lines =
    across * down === 1 ? linesOfBytes(photo, box) : averagedBytes(photo, box, across, down);
  return box.width === width && box.height === height
    ? gathered(lines, height)
    : lanczos(lines, box, across, down, width, height);
}

/** As `resize`, from bytes to bytes. */
function resizeBytes(photo: RgbBytes, width: number, height: number): RgbBytes {
  if (photo.width === width && photo.height === height) return photo;
  const whole = { left: 0, top: 0, width: photo.width, height: photo.height };
  return { width, height, rgb: toBytes(cropAndResizeBytes(photo, whole, width, height)) };
}

/** Shrinks until the short side has this many pixels; a smaller photo stays as it is. */
export function shrinkBytes(photo: RgbBytes, shortSide: number): RgbBytes {
  const scale = shortSide / Math.min(photo.width, photo.height);
  if (scale >= 1) return photo;
  return resizeBytes(photo, Math.round(photo.width * scale), Math.round(photo.height * scale));
}

/** The largest centred square at `side` x `side`; the image itself when it is one already. */
export function toSquare(image: Image, side: number): Image {
  return cropAndResize(image, centreSquare(image.width, image.height), side, side);
}

/** The whole factor by which a line is averaged before Lanczos3. */
function averaged(from: number, to: number): number {
  return Math.max(1, Math.floor(from / to / leastLanczos));
}

/** Lanczos3 on cells of `across` x `down` pixels of the original, clipped to [-1, 1]. */
function lanczos(
  cells: Lines,
  original: { readonly width: number; readonly height: number },
  across: number,
  down: number,
  width: number,
  height: number,
): Image {
  return filterLines(
    cells,
    taps(original.width, width, lanczos3, across),
    taps(original.height, height, lanczos3, down),
    1,
  );
}

/** All lines as they are. */
function gathered({ width, read }: Lines, height: number): Image {
  const image = createImage(width, height);
  const line = new Float32Array(3 * width);
  for (let y = 0; y < height; y++) {
    read(y, line);
    for (let c = 0; c < 3; c++) {
      image.data.set(line.subarray(c * width, (c + 1) * width), (c * height + y) * width);
    }
  }
  return image;
}

/** The mean of each cell of `across` x `down` pixels; the last ones may hold fewer. */
function averagedLines({ width: from, height, data }: Image, across: number, down: number): Lines {
  const width = Math.ceil(from / across);
  const sums = new Float64Array(width);
  return {
    width,
    read(row, line) {
      const top = row * down;
      const end = Math.min(height, top + down);
      for (let c = 0; c < 3; c++) {
        sums.fill(0);
        for (let y = top; y < end; y++) {
          let at = (c * height + y) * from;
          for (let cell = 0, left = 0; cell < width; cell++, left += across) {
            const stop = at + Math.min(across, from - left);
            let sum = 0;
            while (at < stop) sum += data[at++]!;
            sums[cell]! += sum;
          }
        }
        for (let cell = 0; cell < width; cell++) {
          const pixels = (end - top) * Math.min(across, from - cell * across);
          line[c * width + cell] = sums[cell]! / pixels;
        }
      }
    },
  };
}

/** The lines of the box of interleaved bytes, in [-1, 1]. */
function linesOfBytes({ rgb, width: from }: RgbBytes, box: Box): Lines {
  const { width } = box;
  const values = meansOf(1);
  return {
    width,
    read(y, line) {
      let at = 3 * ((box.top + y) * from + box.left);
      for (let x = 0; x < width; x++, at += 3) {
        line[x] = values[rgb[at]!]!;
        line[x + width] = values[rgb[at + 1]!]!;
        line[x + 2 * width] = values[rgb[at + 2]!]!;
      }
    },
  };
}

/** As `averagedLines`, of the box of interleaved bytes, in [-1, 1]. */
function averagedBytes(photo: RgbBytes, box: Box, across: number, down: number): Lines {
  const { rgb } = photo;
  const width = Math.ceil(box.width / across);
  const sums = new Int32Array(3 * width);
  const full = across * down;
  const divisions = 3 * width * Math.ceil(box.height / down);
  const means = 255 * full < divisions ? meansOf(full) : undefined;
  return {
    width,
    read(row, line) {
      const top = row * down;
      const end = Math.min(box.height, top + down);
      sums.fill(0);
      for (let y = top; y < end; y++) {
        addCells(sums, rgb, 3 * ((box.top + y) * photo.width + box.left), box.width, across);
      }
      for (let x = 0, from = 0; x < width; x++, from += 3) {
        const pixels = (end - top) * Math.min(across, box.width - x * across);
        const known = means !== undefined && pixels === full;
        for (let c = 0; c < 3; c++) {
          const sum = sums[from + c]!;
          line[c * width + x] = known ? means[sum]! : meanOf(sum, pixels);
        }
      }
    },
  };
}

/** Adds a line of `count` pixels, from `at` on, to the sums of its cells. */
function addCells(
  sums: Int32Array,
  rgb: Uint8Array,
  at: number,
  count: number,
  across: number,
): void {
  for (let cell = 0, left = 0; left < count; cell += 3, left += across) {
    const stop = at + 3 * Math.min(across, count - left);
    let red = 0;
    let green = 0;
    let blue = 0;
    for (; at < stop; at += 3) {
      red += rgb[at]!;
      green += rgb[at + 1]!;
      blue += rgb[at + 2]!;
    }
    sums[cell]! += red;
    sums[cell + 1]! += green;
    sums[cell + 2]! += blue;
  }
}

/** The mean, in [-1, 1], of `pixels` bytes of this sum. */
function meanOf(sum: number, pixels: number): number {
  return sum / pixels / 127.5 - 1;
}

/** `meanOf` every sum that so many bytes can have. */
function meansOf(pixels: number): Float32Array {
  return new Float32Array(255 * pixels + 1).map((_, sum) => meanOf(sum, pixels));
}

/**
 * Changes an image's size the same way in Node and in a browser. As in libvips, areas are averaged
 * first where much is to be shrunk, and Lanczos3 does the rest, so that nothing aliases.
 */
import {
  type Box,
  centreSquare,
  checkBox,
  clipped,
  crop,
  type Image,
  type RgbBytes,
  toBytes,
} from "./image.ts";
import { filterPlanes, lanczos3, taps } from "./resample.ts";

/** Lanczos3 shrinks at least this many times; whole factors above are averaged before. */
const leastLanczos = 2;

/**
 * The whole image at another size, without regard to its aspect, clipped to [-1, 1]; the same object
 * when the size is equal.
 */
export function resize(image: Image, width: number, height: number): Image {
  if (image.width === width && image.height === height) return image;
  const [across, down] = [averaged(image.width, width), averaged(image.height, height)];
  const small = across === 1 && down === 1 ? image : averagePlanes(image, across, down);
  return lanczos(small, image, across, down, width, height);
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
  const small = averageBytes(photo, box, across, down);
  if (box.width === width && box.height === height) return small;
  return lanczos(small, box, across, down, width, height);
}

/** As `resize`, from bytes to bytes. */
export function resizeBytes(photo: RgbBytes, width: number, height: number): RgbBytes {
  if (photo.width === width && photo.height === height) return photo;
  const whole = { left: 0, top: 0, width: photo.width, height: photo.height };
  return { width, height, rgb: toBytes(cropAndResizeBytes(photo, whole, width, height)) };
}

/** The largest centred square at `side` x `side`; the image itself when it is one already. */
export function toSquare(image: Image, side: number): Image {
  return cropAndResize(image, centreSquare(image.width, image.height), side, side);
}

/** The whole factor by which a line is averaged before Lanczos3. */
function averaged(from: number, to: number): number {
  return Math.max(1, Math.floor(from / to / leastLanczos));
}

/** Lanczos3 on cells of `across` x `down` pixels of the original. */
function lanczos(
  cells: Image,
  original: { readonly width: number; readonly height: number },
  across: number,
  down: number,
  width: number,
  height: number,
): Image {
  return clipped(
    filterPlanes(
      cells,
      taps(original.width, width, lanczos3, across),
      taps(original.height, height, lanczos3, down),
    ),
  );
}

/** The mean of each cell of `across` x `down` pixels; the last ones may hold fewer. */
function averagePlanes(image: Image, across: number, down: number): Image {
  const [width, height] = [Math.ceil(image.width / across), Math.ceil(image.height / down)];
  const data = new Float32Array(3 * width * height);
  const sums = new Float64Array(width);
  for (let c = 0, to = 0; c < 3; c++) {
    for (let top = 0; top < image.height; top += down, to += width) {
      const end = Math.min(image.height, top + down);
      sums.fill(0);
      for (let y = top; y < end; y++) {
        let at = (c * image.height + y) * image.width;
        for (let cell = 0, left = 0; cell < width; cell++, left += across) {
          const stop = at + Math.min(across, image.width - left);
          let sum = 0;
          while (at < stop) sum += image.data[at++]!;
          sums[cell]! += sum;
        }
      }
      for (let cell = 0; cell < width; cell++) {
        const pixels = (end - top) * Math.min(across, image.width - cell * across);
        data[to + cell] = sums[cell]! / pixels;
      }
    }
  }
  return { width, height, data };
}

/** As `averagePlanes`, of the box of interleaved bytes, in [-1, 1]. */
function averageBytes(
  { rgb, width: line }: RgbBytes,
  box: Box,
  across: number,
  down: number,
): Image {
  const [width, height] = [Math.ceil(box.width / across), Math.ceil(box.height / down)];
  const plane = width * height;
  const data = new Float32Array(3 * plane);
  const sums = new Int32Array(3 * width);
  for (let row = 0, top = 0; row < height; row++, top += down) {
    const end = Math.min(box.height, top + down);
    sums.fill(0);
    for (let y = top; y < end; y++) {
      let at = 3 * ((box.top + y) * line + box.left);
      for (let cell = 0, left = 0; cell < 3 * width; cell += 3, left += across) {
        const stop = at + 3 * Math.min(across, box.width - left);
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
    for (let x = 0, to = row * width; x < width; x++, to++) {
      const pixels = (end - top) * Math.min(across, box.width - x * across);
      for (let c = 0; c < 3; c++) {
        data[c * plane + to] = sums[3 * x + c]! / pixels / 127.5 - 1;
      }
    }
  }
  return { width, height, data };
}

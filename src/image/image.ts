/**
 * Pictures as the network sees them: planar floating-point RGB. Everything here is pure arithmetic
 * on pixels; what needs a codec or a filter is in the neighbouring files.
 */
import { PaletteError } from "../util/errors.ts";

/** An sRGB picture: `data` is [3, height, width], red plane first, values in [-1, 1]. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Interleaved 8-bit sRGB: `rgb` is [height, width, 3]. */
export interface RgbBytes {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** 0x3FFF squared: libvips' customary bound on an image's pixels, 268 megapixels. */
export const maximalPixels = 268_402_689;

/** Which pixels are to be filled: `data` is [1, height, width], 1 = to be filled, 0 = known. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** A rectangle of whole pixels; (left, top) is its first pixel. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A picture of one value (in [-1, 1]; 0, middle gray, unless given) in all channels. */
export function createImage(width: number, height: number, fill = 0): Image {
  checkSize(width, height);
  const data = new Float32Array(3 * width * height);
  if (fill !== 0) data.fill(fill);
  return { width, height, data };
}

/** A mask of one value: 0 (all known, the default) or 1 (all to be filled). */
export function createMask(width: number, height: number, fill: 0 | 1 = 0): Mask {
  checkSize(width, height);
  return { width, height, data: new Float32Array(width * height).fill(fill) };
}

/**
 * From interleaved 8-bit sRGB ([height, width, 3]) to [-1, 1]: 0 becomes -1 and 255 becomes 1.
 * @throws PaletteError when `rgb` does not hold width * height * 3 bytes.
 */
export function fromBytes(rgb: Uint8Array, width: number, height: number): Image {
  checkSize(width, height);
  const pixels = width * height;
  if (rgb.length !== 3 * pixels) {
    throw new PaletteError(
      `A ${width}x${height} RGB picture needs ${3 * pixels} bytes, but ${rgb.length} were given.`,
    );
  }
  const data = new Float32Array(3 * pixels);
  for (let i = 0, j = 0; i < pixels; i++, j += 3) {
    data[i] = rgb[j]! / 127.5 - 1;
    data[pixels + i] = rgb[j + 1]! / 127.5 - 1;
    data[2 * pixels + i] = rgb[j + 2]! / 127.5 - 1;
  }
  return { width, height, data };
}

/**
 * To interleaved 8-bit sRGB ([height, width, 3]): clipped to [-1, 1] and rounded, so that
 * `toBytes(fromBytes(b))` is `b`.
 */
export function toBytes(image: Image): Uint8Array {
  const pixels = image.width * image.height;
  const { data } = image;
  const rgb = new Uint8ClampedArray(3 * pixels);
  for (let i = 0, j = 0; i < pixels; i++, j += 3) {
    rgb[j] = (data[i]! + 1) * 127.5;
    rgb[j + 1] = (data[pixels + i]! + 1) * 127.5;
    rgb[j + 2] = (data[2 * pixels + i]! + 1) * 127.5;
  }
  return new Uint8Array(rgb.buffer);
}

/** The luma of Rec. 601 from values of any range. */
export function luma(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** The luma of each pixel, in [-1, 1]; [height, width]. */
export function lumaOf({ width, height, data }: Image): Float32Array {
  const pixels = width * height;
  const out = new Float32Array(pixels);
  for (let i = 0; i < pixels; i++) {
    out[i] = luma(data[i]!, data[pixels + i]!, data[2 * pixels + i]!);
  }
  return out;
}

/** The luma of each pixel in all three channels. */
export function grayscale(image: Image): Image {
  const pixels = image.width * image.height;
  const out = new Float32Array(3 * pixels);
  out.set(lumaOf(image));
  out.copyWithin(pixels, 0, pixels);
  out.copyWithin(2 * pixels, 0, pixels);
  return { width: image.width, height: image.height, data: out };
}

/** Whether no pixel has a colour: its channels are the same, to the bit. */
export function isGray({ width, height, data }: Image): boolean {
  const pixels = width * height;
  for (let i = 0; i < pixels; i++) if (!isGrayAt(data, i, pixels)) return false;
  return true;
}

function isGrayAt(data: Float32Array, i: number, pixels: number): boolean {
  return data[i] === data[pixels + i] && data[i] === data[2 * pixels + i];
}

/**
 * The picture with `grayscale`'s values where it has colours; pixels without are the same, to the
 * bit.
 */
export function withoutColours(image: Image): Image {
  const gray = grayscale(image);
  const pixels = image.width * image.height;
  const { data } = image;
  for (let i = 0; i < pixels; i++) {
    if (isGrayAt(data, i, pixels)) for (let c = 0; c < 3; c++) gray.data[c * pixels + i] = data[i]!;
  }
  return gray;
}

/**
 * The picture a little more red and less blue, as old prints are. Its luma is the same where it is
 * not clipped.
 */
export function warmTone(image: Image): Image {
  const pixels = image.width * image.height;
  const warmth = [0.06, 0, -0.06];
  const added = Math.fround(luma(warmth[0]!, warmth[1]!, warmth[2]!));
  const data = image.data.map((value, i) =>
    Math.min(1, Math.max(-1, value + warmth[Math.floor(i / pixels)]! - added)),
  );
  return { ...image, data };
}

export function copyOf(image: Image): Image {
  return { ...image, data: image.data.slice() };
}

/**
 * The pixels inside `box`.
 * @throws PaletteError when the box is empty or reaches outside the picture.
 */
export function crop(image: Image, box: Box): Image {
  checkBox(box, image.width, image.height);
  const out = createImage(box.width, box.height);
  moveBox(image, box, out.data);
  return out;
}

/** As `crop`, at the front of the picture's own array. */
export function cropOnto(image: Image, box: Box): Image {
  const { width, height } = box;
  checkBox(box, image.width, image.height);
  moveBox(image, box, image.data);
  return { width, height, data: image.data.subarray(0, 3 * width * height) };
}

/** Rows move towards the front, if at all, so that none is overwritten before it was moved. */
function moveBox(image: Image, box: Box, to: Float32Array): void {
  for (let c = 0, at = 0; c < 3; c++) {
    for (let y = 0; y < box.height; y++, at += box.width) {
      const from = (c * image.height + box.top + y) * image.width + box.left;
      to.set(image.data.subarray(from, from + box.width), at);
    }
  }
}

/** Writes `part` into `into` with its first pixel at (left, top); `part` must fit. */
export function paste(into: Image, part: Image, left: number, top: number): void {
  checkBox({ left, top, width: part.width, height: part.height }, into.width, into.height);
  for (let c = 0, from = 0; c < 3; c++) {
    for (let y = 0; y < part.height; y++, from += part.width) {
      const to = (c * into.height + top + y) * into.width + left;
      into.data.set(part.data.subarray(from, from + part.width), to);
    }
  }
}

/**
 * A picture of width x height with `image` in it, its first pixel at (left, top). What lies outside
 * has the nearest pixel of the edge.
 */
export function extend(
  image: Image,
  left: number,
  top: number,
  width: number,
  height: number,
): Image {
  checkBox({ left, top, width: image.width, height: image.height }, width, height);
  const out = createImage(width, height);
  const inside = (at: number, length: number) => Math.min(length - 1, Math.max(0, at));
  for (let c = 0, i = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      const row = (c * image.height + inside(y - top, image.height)) * image.width;
      for (let x = 0; x < width; x++, i++) {
        out.data[i] = image.data[row + inside(x - left, image.width)]!;
      }
    }
  }
  return out;
}

/** The picture filled up at the right and below until no side has less than `side` pixels. */
export function atLeast(image: Image, side: number): Image {
  const [width, height] = [Math.max(side, image.width), Math.max(side, image.height)];
  return width === image.width && height === image.height
    ? image
    : extend(image, 0, 0, width, height);
}

/** The picture with white behind it; `alpha` is the opacity, 0 to 255, of each pixel. */
export function overWhite(image: Image, alpha: Uint8Array): Image {
  const data = image.data.map((value, i) => 1 + (value - 1) * (alpha[i % alpha.length]! / 255));
  return { ...image, data };
}

/** Every value brought into [-1, 1]. */
export function clipped(image: Image): Image {
  return { ...image, data: image.data.map((value) => Math.min(1, Math.max(-1, value))) };
}

/** Left and right exchanged. */
export function flipHorizontal(image: Image): Image {
  const out = image.data.slice();
  for (let start = 0; start < out.length; start += image.width) {
    out.subarray(start, start + image.width).reverse();
  }
  return { width: image.width, height: image.height, data: out };
}

/** The largest centred square: the paper's crop at evaluation. */
export function centreSquare(width: number, height: number): Box {
  const side = Math.min(width, height);
  return {
    left: Math.floor((width - side) / 2),
    top: Math.floor((height - side) / 2),
    width: side,
    height: side,
  };
}

/** @throws PaletteError when the box is empty, not whole or reaches outside width x height. */
export function checkBox(box: Box, width: number, height: number): void {
  const { left, top } = box;
  checkSize(box.width, box.height);
  const whole = Number.isInteger(left) && Number.isInteger(top) && left >= 0 && top >= 0;
  if (!whole || left + box.width > width || top + box.height > height) {
    throw new PaletteError(
      `The box ${box.width}x${box.height} at (${left}, ${top}) is not inside the ${width}x${height} picture.`,
    );
  }
}

function checkSize(width: number, height: number): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new PaletteError(
      `A picture needs whole sides of at least 1 pixel, not ${width}x${height}.`,
    );
  }
}

/** Masks from pixels, and masks at another size. */
import { PaletteError } from "../util/errors.ts";
import { type Box, checkBox, createMask, luma, type Mask, type RgbBytes } from "./image.ts";

/**
 * A mask from an image's pixels: those of at least 50 % luma are to be filled, the others known.
 */
export function maskFromRgb({ rgb, width, height }: RgbBytes): Mask {
  const mask = createMask(width, height);
  for (let i = 0, j = 0; i < mask.data.length; i++, j += 3) {
    mask.data[i] = luma(rgb[j]!, rgb[j + 1]!, rgb[j + 2]!) >= 127.5 ? 1 : 0;
  }
  return mask;
}

/** The share of the pixels that is to be filled, from 0 to 1. */
export function maskedShare(mask: Mask): number {
  let sum = 0;
  for (const value of mask.data) sum += value;
  return sum / mask.data.length;
}

/**
 * The part of a mask inside `box`, brought to width x height. A pixel is to be filled as soon as
 * any part of what it covers is: nothing of a scratch may stay behind as a known pixel.
 * @throws PaletteError when the box reaches outside the mask.
 */
export function fitMask(mask: Mask, box: Box, width: number, height: number): Mask {
  checkBox(box, mask.width, mask.height);
  const out = createMask(width, height);
  const columns = ranges(box.left, box.width, width);
  const rows = ranges(box.top, box.height, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      out.data[y * width + x] = touches(mask, columns[x]!, rows[y]!) ? 1 : 0;
    }
  }
  return out;
}

/** The mask of `atLeast`'s picture: what is filled up is known where the edge is. */
export function maskAtLeast(mask: Mask, side: number): Mask {
  const [width, height] = [Math.max(side, mask.width), Math.max(side, mask.height)];
  const out = createMask(width, height);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.min(y, mask.height - 1) * mask.width;
    for (let x = 0; x < width; x++, i++) {
      out.data[i] = mask.data[row + Math.min(x, mask.width - 1)]!;
    }
  }
  return out;
}

/** @throws PaletteError when the mask is not width x height. */
export function checkMaskSize(mask: Mask, width: number, height: number): void {
  if (mask.width !== width || mask.height !== height) {
    throw new PaletteError(
      `The mask is ${mask.width}x${mask.height}, but the picture is ${width}x${height}; make them the same size.`,
    );
  }
}

type Range = readonly [first: number, end: number];

/** For each of `count` new pixels, which of the `length` old ones from `start` on it covers. */
function ranges(start: number, length: number, count: number): Range[] {
  return Array.from({ length: count }, (_, i) => [
    start + Math.floor((i * length) / count),
    start + Math.ceil(((i + 1) * length) / count),
  ]);
}

function touches(mask: Mask, [left, right]: Range, [top, bottom]: Range): boolean {
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) if (mask.data[y * mask.width + x] === 1) return true;
  }
  return false;
}

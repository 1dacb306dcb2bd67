/** Masks from pixels, and masks at another size. */
import { PaletteError, UsageError } from "../util/errors.ts";
import { shown } from "../util/shown.ts";
import type { DecodedImage } from "./codec.ts";
import { type Box, checkBox, createMask, luma, type Mask } from "./image.ts";

/** What of a mask's pixels is looked at. */
export const maskSources = ["alpha", "luma", "dark"] as const;

export type MaskSource = (typeof maskSources)[number];

/** How a mask is read from pixels. */
export interface MaskReading {
  /**
   * What is filled: what is opaque ("alpha"), what is opaque and bright ("luma") or opaque and dark
   * ("dark"). Default: "alpha" of a mask with transparency, "luma" of one without.
   */
  readonly from?: MaskSource;
  /** Fills what would be known, and the other way round. */
  readonly invert?: boolean;
}

/** The rule by which masks are read, in a line. */
export const maskRule =
  "what is bright is filled; in a mask with transparency, what is opaque, of any colour";

/**
 * A mask from an image's pixels. Opaque is an opacity of at least 50 %, bright a luma of at least
 * 50 %. Values of 0 and 1 only are taken for 0 and 255.
 * @throws PaletteError when the opacity is asked for and there is none.
 */
export function maskFromPixels(
  { rgb, width, height, alpha }: DecodedImage,
  { from = alpha === undefined ? "luma" : "alpha", invert = false }: MaskReading = {},
): Mask {
  if (!maskSources.includes(from)) {
    throw new UsageError(`A mask is read from ${maskSources.join(", ")}, not from ${shown(from)}.`);
  }
  if (from === "alpha" && alpha === undefined) {
    throw new PaletteError("The mask has no transparency; read it by luma or dark, not by alpha.");
  }
  const mask = createMask(width, height);
  const [opaque, bright] = [half(alpha ?? []), half(rgb)];
  for (let i = 0, j = 0; i < mask.data.length; i++, j += 3) {
    const isBright = luma(rgb[j]!, rgb[j + 1]!, rgb[j + 2]!) >= bright;
    const colour = from === "alpha" || isBright === (from === "luma");
    const filled = colour && (alpha === undefined || alpha[i]! >= opaque);
    mask.data[i] = filled === invert ? 0 : 1;
  }
  return mask;
}

/** Half of the largest value: of 255, or of 1 where no value is above. */
function half(values: Iterable<number>): number {
  for (const value of values) if (value > 1) return 127.5;
  return 0.5;
}

/** What is transparent, be it ever so little, is to be filled: a photo's own holes. */
export function maskFromAlpha(alpha: Uint8Array, width: number, height: number): Mask {
  const mask = createMask(width, height);
  alpha.forEach((value, i) => {
    mask.data[i] = value < 255 ? 1 : 0;
  });
  return mask;
}

/** What any of the masks fills; all are of one size. */
export function joinMasks([first, ...others]: readonly [Mask, ...Mask[]]): Mask {
  const joined = { ...first, data: first.data.slice() };
  for (const mask of others) {
    checkMaskSize(mask, first.width, first.height);
    mask.data.forEach((value, i) => {
      if (value === 1) joined.data[i] = 1;
    });
  }
  return joined;
}

/** The mask with known and filled pixels exchanged. */
export function invertMask(mask: Mask): Mask {
  return { ...mask, data: mask.data.map((value) => 1 - value) };
}

/**
 * The mask as a photo of this EXIF orientation stands upright: for one that was painted on the
 * pixels as they are stored. Only orientations of 5 to 8 exchange the sides.
 */
export function turnMask(mask: Mask, orientation: number): Mask {
  const { width, height, data } = mask;
  // Of the stored pixels: which are mirrored, and whether columns become rows.
  const mirroredX = [2, 3, 7, 8].includes(orientation);
  const mirroredY = [3, 4, 6, 7].includes(orientation);
  const exchanged = orientation >= 5;
  const out = exchanged ? createMask(height, width) : createMask(width, height);
  for (let y = 0, i = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++, i++) {
      const [column, row] = exchanged ? [y, x] : [x, y];
      const from = (mirroredY ? height - 1 - row : row) * width;
      out.data[i] = data[from + (mirroredX ? width - 1 - column : column)]!;
    }
  }
  return out;
}

/** The share of the pixels that is to be filled, from 0 to 1. */
export function maskedShare(mask: Mask): number {
  let sum = 0;
  const { data } = mask;
  for (let i = 0; i < data.length; i++) sum += data[i]!;
  return sum / data.length;
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

/** The pixels of a mask inside `box`. */
export function cropMask(mask: Mask, { left, top, width, height }: Box): Mask {
  const out = createMask(width, height);
  for (let y = 0; y < height; y++) {
    const start = (top + y) * mask.width + left;
    out.data.set(mask.data.subarray(start, start + width), y * width);
  }
  return out;
}

/** Makes the pixels inside the box known. */
export function clearBox(mask: Mask, { left, top, width, height }: Box): void {
  for (let y = top; y < top + height; y++) {
    mask.data.fill(0, y * mask.width + left, y * mask.width + left + width);
  }
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

/**
 * A mask that comes from outside.
 * @throws PaletteError when it is not width x height, or has other values than 0 and 1.
 */
export function checkMask(mask: Mask, width: number, height: number): void {
  checkMaskSize(mask, width, height);
  if (!(mask.data?.length === width * height)) {
    throw new PaletteError(
      `The data of a ${width}x${height} mask has ${width * height} values, not ${mask.data?.length}.`,
    );
  }
  const other = mask.data.find((value) => value !== 0 && value !== 1);
  if (other === undefined) return;
  throw new PaletteError(`A mask has the values 0 (known) and 1 (to be filled), not ${other}.`);
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

/** Masks from files. */

import type { Mask } from "../image/image.ts";
import { fitMask, type MaskReading, maskFromPixels, turnMask } from "../image/mask.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { shown } from "../util/shown.ts";
import { type ImageInput, readPixels } from "./decode-image.ts";

export interface MaskReadOptions extends MaskReading {
  /**
   * The EXIF orientation of the photo (`Photo.orientation`): a mask whose sides are exchanged was
   * painted on the photo as it is stored, and is turned as the photo was.
   */
  readonly orientation?: number;
}

export interface ReadMask {
  /** 1 = to be filled. */
  readonly mask: Mask;
  /** Whether it was of another size. */
  readonly resized: boolean;
  /** Whether it was turned as the photo was. */
  readonly turned: boolean;
}

/**
 * Reads a mask of any image format for a photo of width x height pixels, by the rule of
 * `maskFromPixels`. A mask of another size is brought to the photo's by `fitMask`.
 * @throws PaletteError as `readImage`, and when the mask lies where the photo stands, or has no
 * transparency and is to be read by it.
 */
export async function readMask(
  input: ImageInput,
  width: number,
  height: number,
  { orientation = 1, ...reading }: MaskReadOptions = {},
): Promise<ReadMask> {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1) {
      throw new UsageError(`A mask is read at the photo's width and height, not ${shown(side)}.`);
    }
  }
  const name = typeof input === "string" ? `The mask ${input}` : "The mask";
  const pixels = await readPixels(input);
  if (reading.from === "alpha" && pixels.alpha === undefined) {
    throw new PaletteError(`${name} has no transparency; read it by luma or dark, not by alpha.`);
  }
  const read = maskFromPixels(pixels, reading);
  const turned = liesAcross(read, width, height);
  if (turned && orientation < 5) {
    throw new PaletteError(
      `${name} is ${read.width}x${read.height}, but the photo is ${width}x${height}; turn the mask as the photo stands.`,
    );
  }
  const mask = turned ? turnMask(read, orientation) : read;
  const resized = mask.width !== width || mask.height !== height;
  if (!resized) return { mask, resized, turned };
  const whole = { left: 0, top: 0, width: mask.width, height: mask.height };
  return { mask: fitMask(mask, whole, width, height), resized, turned };
}

/** Whether the mask has the photo's shape with the sides exchanged, to 2 %. */
function liesAcross(mask: Mask, width: number, height: number): boolean {
  const isClose = (a: number, b: number) => Math.abs(a / b - 1) < 0.02;
  const aspect = mask.width / mask.height;
  return isClose(aspect, height / width) && !isClose(aspect, width / height);
}

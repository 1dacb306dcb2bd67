/** Masks from files. */

import { type MaskReadOptions, maskForPhoto, type ReadMask } from "../image/photo-mask.ts";
import { UsageError } from "../util/errors.ts";
import { shown } from "../util/shown.ts";
import { type ImageInput, readPixels } from "./decode-image.ts";

/**
 * Reads a mask of any image format for a photo of width x height pixels, see `maskForPhoto`.
 * @throws PaletteError as `readImage` and `maskForPhoto`.
 */
export async function readMask(
  input: ImageInput,
  width: number,
  height: number,
  fitting: MaskReadOptions = {},
): Promise<ReadMask> {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1) {
      throw new UsageError(`A mask is read at the photo's width and height, not ${shown(side)}.`);
    }
  }
  const name = typeof input === "string" ? `The mask ${input}` : "The mask";
  return maskForPhoto(await readPixels(input), { width, height }, fitting, name);
}

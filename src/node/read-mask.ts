/** Masks from files. */

import type { Mask } from "../image/image.ts";
import { fitMask, maskFromRgb } from "../image/mask.ts";
import { readBytes } from "./decode-image.ts";

/**
 * Reads a mask of any image format as by `maskFromRgb`; transparent pixels are known. A mask of
 * another size is brought to width x height by `fitMask`; `resized` says whether it was.
 * @throws PaletteError as `readImage`.
 */
export async function readMask(
  input: string | Uint8Array,
  width: number,
  height: number,
): Promise<{ mask: Mask; resized: boolean }> {
  const mask = maskFromRgb(await readBytes(input, { background: "black" }));
  const resized = mask.width !== width || mask.height !== height;
  if (!resized) return { mask, resized };
  const whole = { left: 0, top: 0, width: mask.width, height: mask.height };
  return { mask: fitMask(mask, whole, width, height), resized };
}

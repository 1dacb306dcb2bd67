/**
 * Which pixels count in the loss ||f(x, y_t, gamma) - target||_p^p (the paper's objective; p = 2
 * unless said). For inpainting and uncropping the paper restricts it to the masked pixels.
 */

import type { Mask } from "../image/image.ts";
import { PaletteError } from "../util/errors.ts";

/**
 * Weights [1, height, width] of one sample's pixels, such that
 * sum over pixels and 3 channels of weight * |f - target|^p
 *   = factor * mean over the counted pixels and 3 channels of |f - target|^p.
 * Without a mask every pixel counts, with one only those to be filled (1), however few: a small hole
 * weighs as much as a large one. A mask without such a pixel gives zeros: there is nothing to learn.
 *
 * @param factor the sample's share, for example `lossWeight(...) / batch`
 * @param out width * height values; returned
 * @throws PaletteError when the mask or `out` has another size.
 */
export function pixelWeights(
  mask: Mask | undefined,
  width: number,
  height: number,
  factor: number,
  out: Float32Array = new Float32Array(width * height),
): Float32Array {
  const pixels = width * height;
  if (out.length !== pixels) {
    throw new PaletteError(
      `Weights of a ${width}x${height} picture are ${pixels} numbers, but there is room for ${out.length}.`,
    );
  }
  if (mask === undefined) return out.fill(factor / (3 * pixels));
  if (mask.width !== width || mask.height !== height || mask.data.length !== pixels) {
    throw new PaletteError(
      `The mask is ${mask.width}x${mask.height} but the picture ${width}x${height}: give a mask of its size.`,
    );
  }
  let counted = 0;
  for (const value of mask.data) if (value >= 0.5) counted++;
  const weight = counted === 0 ? 0 : factor / (3 * counted);
  for (let i = 0; i < pixels; i++) out[i] = mask.data[i]! >= 0.5 ? weight : 0;
  return out;
}

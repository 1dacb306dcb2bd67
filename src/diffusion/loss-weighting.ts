/**
 * How much an image's error counts at its noise level, and which of its pixels count in the loss
 * ||f(x, y_t, gamma) - target||_p^p (the paper's objective; p = 2 unless said). For inpainting and
 * uncropping the paper restricts it to the masked pixels.
 */
import type { Mask } from "../image/image.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { type Prediction, skipFactors } from "./parameterization.ts";

export const weightings = ["uniform", "min-snr", "balanced"] as const;
export type Weighting = (typeof weightings)[number];

/**
 * The factor of one sample's error at its noise level. "uniform" is the paper's: 1.
 *
 * "min-snr" (after Hang et al. 2023, their constant 5 made 8) keeps nearly clean levels from
 * dominating. With SNR = gamma / (1 - gamma):
 * - x0: min(8, SNR + 1), where SNR + 1 = 1 / (1 - gamma);
 * - v: the same objective, as |v error|^2 = |y0 error|^2 / (1 - gamma): min(8 (1 - gamma), 1);
 * - epsilon: min(8 / SNR, 1), the published bound. The same objective would need weights up to
 *   1 / gamma at the noisy end, which no training survives.
 *
 * "balanced": (1 + 25 SNR)^0.4 times |y0 error|^2. That is about the inverse of the error that a
 * small trained network has at each level, so all levels have their part in the gradient (Karras et
 * al. 2024, section 2.2, learn such weights). Not for epsilon, for the same reason.
 *
 * These factors are for squared errors. Errors of `power` 1 (the paper's L1, and "rms") take the
 * square root, so that all levels keep their part.
 *
 * @throws UsageError for "balanced" with epsilon
 */
export function lossWeight(
  prediction: Prediction,
  gamma: number,
  weighting: Weighting,
  power: 1 | 2 = 2,
): number {
  return ofSquare(prediction, gamma, weighting) ** (power / 2);
}

function ofSquare(prediction: Prediction, gamma: number, weighting: Weighting): number {
  if (weighting === "uniform") return 1;
  const snr = gamma / (1 - gamma);
  if (prediction === "epsilon") {
    if (weighting === "min-snr") return Math.min(minSnrBound / snr, 1);
    throw new UsageError("Balanced weights are not for epsilon: predict v, x0 or x0-skip.");
  }
  const ofClean = weighting === "min-snr" ? Math.min(minSnrBound, 1 + snr) : (1 + 25 * snr) ** 0.4;
  return ofClean * errorScale(prediction, gamma) ** 2;
}

const minSnrBound = 8;

/** By what an error of the output is multiplied in the clean image. */
function errorScale(prediction: Exclude<Prediction, "epsilon">, gamma: number): number {
  switch (prediction) {
    case "v":
      return Math.sqrt(1 - gamma);
    case "x0":
      return 1;
    case "x0-skip":
      return skipFactors(gamma).share;
  }
}

/**
 * Weights [1, height, width] of one sample's pixels, such that
 *   sum over pixels and 3 channels of weight * |f - target|^p
 *   = factor * mean over the counted pixels and 3 channels of |f - target|^p.
 * Without a mask every pixel counts; with one, only those to be filled (1). A small hole weighs as
 * much as a large one. A mask without such a pixel gives zeros: there is nothing to learn.
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

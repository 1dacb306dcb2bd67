/** How much an image's error counts at its noise level. */
import { UsageError } from "../util/errors.ts";
import { type Prediction, skipFactors } from "./parameterization.ts";

export const weightings = ["uniform", "min-snr", "balanced"] as const;
export type Weighting = (typeof weightings)[number];

/**
 * The factor of one sample's error at its noise level. "uniform" is the paper's: 1.
 *
 * "min-snr" (after Hang et al. 2023, their constant 5 made 8) keeps nearly clean levels from
 * dominating. With SNR = gamma / (1 - gamma):
 * x0: min(8, SNR + 1), where SNR + 1 = 1 / (1 - gamma);
 * v: the same objective, as |v error|^2 = |y0 error|^2 / (1 - gamma): min(8 (1 - gamma), 1);
 * epsilon: min(8 / SNR, 1). Here the same objective would need weights up to 1 / gamma at the noisy
 * end, which no training survives, so it is the published bound instead.
 *
 * "balanced": (1 + 25 SNR)^0.4 times |y0 error|^2, which is about the inverse of the error that a small
 * trained network has at each level, so that all levels have their part in the gradient (Karras et al.
 * 2024, section 2.2, learn such weights). Not for epsilon, for the same reason.
 *
 * These are for squared errors. Of errors of `power` 1 (the paper's L1, and "rms") the factor is the square root,
 * so that all levels keep their part.
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

/**
 * Easy Consistency Tuning (Geng et al., "Consistency Models Made Easy", ICLR 2025): a diffusion
 * model is tuned until its estimate of the clean image is the same at every noise level of a path
 * y_t = sqrt(gamma) y + sqrt(1 - gamma) epsilon. One call from noise is then an answer, and a few
 * calls are a good one. The estimate at t is pulled to that at a nearer level r of the same path,
 * which is not differentiated. In the beginning r is 0, where the estimate is y itself and the
 * objective is diffusion's; r then moves towards t.
 */
import { cleanFactors, type Prediction } from "./parameterization.ts";

/** How often the distance between t and r halves over a tuning. */
export const consistencyStages = 8;

/** Of the distance: r = t (1 - 2^-(stage + 1) (1 + k sigmoid(-t))); the authors' k. */
const sharpening = 8;

/**
 * The noise sigma_r of the nearer level, from 0 to below `sigma`; 0 where the rule goes below it,
 * which is where there is little noise and early in the tuning.
 * @param sigma of the noisy image: sqrt((1 - gamma) / gamma), above 0
 * @param progress share of the tuning that is done, 0 to 1
 */
export function nearerSigma(sigma: number, progress: number): number {
  const stage = Math.min(consistencyStages - 1, Math.floor(progress * consistencyStages));
  const decay = 0.5 ** (stage + 1);
  const near = 1 + sharpening / (1 + Math.exp(sigma));
  return sigma * Math.max(0, 1 - decay * near);
}

/** What the network's output at t is pulled to: y times `y`, plus epsilon, plus its output at r. */
export interface ConsistencyTarget {
  readonly y: number;
  readonly epsilon: number;
  /** Factor of the network's output at r. */
  readonly pull: number;
}

/**
 * With the estimates y0 = n_t y_t + f_t F(y_t) and y0 = n_r y_r + f_r F(y_r) (`cleanFactors`), the
 * output at t that makes them equal:
 *   F(y_t) = (n_r y_r - n_t y_t + f_r F(y_r)) / f_t,
 * written as a sum of y, epsilon and F(y_r).
 * @param gamma level t, in (0, 1)
 * @param nearer level r, in (gamma, 1)
 */
export function consistencyTarget(
  prediction: Prediction,
  gamma: number,
  nearer: number,
): ConsistencyTarget {
  const at = cleanFactors(prediction, gamma);
  const there = cleanFactors(prediction, nearer);
  const signal = there.noisy * Math.sqrt(nearer) - at.noisy * Math.sqrt(gamma);
  const noise = there.noisy * Math.sqrt(1 - nearer) - at.noisy * Math.sqrt(1 - gamma);
  return {
    y: signal / at.output,
    epsilon: noise / at.output,
    pull: there.output / at.output,
  };
}

import {
  type Coefficients,
  oneMinusAlpha,
  posteriorVariance,
  type Transition,
} from "./transition.ts";

/** "beta": 1 - alpha_t, the paper's; "posterior": beta-tilde, the variance of q(y_{t-1} | y_0, y_t). */
export const variances = ["beta", "posterior"] as const;
export type Variance = (typeof variances)[number];

/**
 * The paper's Algorithm 2 (ancestral sampling, DDPM):
 *   y_{t-1} = (y_t - (1 - alpha_t) / sqrt(1 - gamma_t) epsilon) / sqrt(alpha_t) + sqrt(variance) z,
 * z = 0 at the last step. Written with y0 in place of epsilon this is the mean of the posterior
 *   q(y_{t-1} | y_0, y_t):  sqrt(gamma_{t-1}) (1 - alpha_t) / (1 - gamma_t) y_0
 *                         + sqrt(alpha_t) (1 - gamma_{t-1}) / (1 - gamma_t) y_t,
 * which stays finite at any gamma and lets y0 be clipped.
 */
export function ddpm(transition: Transition, variance: Variance): Coefficients {
  const { gamma, nextGamma } = transition;
  const beta = oneMinusAlpha(transition);
  const isLast = nextGamma === 1;
  return {
    noisy: (Math.sqrt(gamma / nextGamma) * (1 - nextGamma)) / (1 - gamma),
    clean: isLast ? 1 : (Math.sqrt(nextGamma) * beta) / (1 - gamma),
    previous: 0,
    noise: isLast ? 0 : Math.sqrt(variance === "beta" ? beta : posteriorVariance(transition)),
  };
}

/**
 * One step of a sampler as the numbers of a linear combination. All samplers here have the form
 *   y_next = noisy * y_t + clean * y0 + previous * y0_previous + noise * z,   z ~ N(0, I),
 * where y0 is the estimate of the clean image at this step; the noise estimate is always taken as
 * (y_t - sqrt(gamma) y0) / sqrt(1 - gamma), so that it agrees with a clipped y0.
 */

/** From which noise level to which; gammas in (0, 1), `nextGamma` > `gamma`, 1 at the last step. */
export interface Transition {
  readonly gamma: number;
  readonly nextGamma: number;
  /** The level of the step before; undefined at the first step. */
  readonly previousGamma?: number | undefined;
}

/** The factors of y_t, y0, the y0 of the step before, and fresh noise. */
export interface Coefficients {
  readonly noisy: number;
  readonly clean: number;
  readonly previous: number;
  readonly noise: number;
}

/**
 * 1 - alpha, where alpha = gamma / nextGamma is the product of the schedule's alphas between the two
 * levels: the paper's alpha_t when they are neighbours.
 */
export function oneMinusAlpha({ gamma, nextGamma }: Transition): number {
  return (nextGamma - gamma) / nextGamma;
}

/** beta-tilde, the variance of q(y_{t-1} | y_0, y_t): (1 - gamma_{t-1}) (1 - alpha_t) / (1 - gamma_t). */
export function posteriorVariance(transition: Transition): number {
  return ((1 - transition.nextGamma) * oneMinusAlpha(transition)) / (1 - transition.gamma);
}

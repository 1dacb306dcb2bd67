import { type Coefficients, posteriorVariance, type Transition } from "./transition.ts";

/**
 * DDIM (Song et al. 2021, equations 12 and 16), not the paper's:
 *   y_next = sqrt(gamma_next) y0 + sqrt(1 - gamma_next - sigma^2) epsilon + sigma z,
 *   sigma^2 = eta^2 beta-tilde.
 * With eta 0 it is deterministic, a first-order solver of the probability-flow ODE; with eta 1 it is
 * `ddpm` with the posterior variance.
 * @param eta in [0, 1]
 */
export function ddim(transition: Transition, eta: number): Coefficients {
  const { gamma, nextGamma } = transition;
  const variance = eta * eta * posteriorVariance(transition);
  const noisy = Math.sqrt(Math.max(0, 1 - nextGamma - variance) / (1 - gamma));
  return {
    noisy,
    clean: Math.sqrt(nextGamma) - noisy * Math.sqrt(gamma),
    previous: 0,
    noise: Math.sqrt(variance),
  };
}

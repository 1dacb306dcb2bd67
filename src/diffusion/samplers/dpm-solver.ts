import { logSnr } from "../schedule.ts";
import { ddim } from "./ddim.ts";
import type { Coefficients, Transition } from "./transition.ts";

/**
 * DPM-Solver++(2M) (Lu et al. 2022, Algorithm 2), not the paper's: the second-order multistep solver
 * of the probability-flow ODE in y0. With lambda = ln(sqrt(gamma) / sqrt(1 - gamma)) and its step h,
 *   y_next = (sigma_next / sigma) y_t - sqrt(gamma_next) (exp(-h) - 1) D,
 *   D = (1 + 1 / (2 r)) y0 - 1 / (2 r) y0_previous,   r = h_previous / h.
 * The first step has no previous estimate and the last none of finite h (it ends at gamma 1): both
 * are of first order, where the solver is `ddim` with eta 0.
 */
export function dpmSolver(transition: Transition): Coefficients {
  const { gamma, nextGamma, previousGamma } = transition;
  const first = ddim(transition, 0);
  if (previousGamma === undefined || nextGamma === 1) return first;
  const lambda = logSnr(gamma);
  const extrapolation = (logSnr(nextGamma) - lambda) / (2 * (lambda - logSnr(previousGamma)));
  return {
    noisy: first.noisy,
    clean: first.clean * (1 + extrapolation),
    previous: -first.clean * extrapolation,
    noise: 0,
  };
}

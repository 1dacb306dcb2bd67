import { logSnr } from "../schedule.ts";
import { defineSampler, transitions } from "./sampler.ts";

/**
 * DPM-Solver++(2M) (Lu et al. 2022, Algorithm 2), not the paper's: the second-order multistep
 * solver of the probability-flow ODE in y0. With h the step of ln(sqrt(gamma) / sqrt(1 - gamma)),
 *   y_next = (sigma_next / sigma) y_t - sqrt(gamma_next) (exp(-h) - 1) D,
 *   D = (1 + 1 / (2 r)) y0 - 1 / (2 r) y0_previous,   r = h_previous / h.
 * The first step has no previous estimate, and the last no finite h (it ends at gamma 1). Both are
 * of first order (D = y0): there the solver is `ddim` with eta 0.
 */
export const dpmSolver = defineSampler({
  name: "dpm++",
  description: "DPM-Solver++(2M) (Lu et al. 2022), second order, for few steps",
  settings: {},
  async run(denoise, y, levels) {
    let previous: Float32Array | undefined;
    for (const { step, gamma, nextGamma } of transitions(levels)) {
      const y0 = await denoise(y, gamma, nextGamma);
      const isFirstOrder = previous === undefined || nextGamma === 1;
      // 1 / (2 r)
      const extrapolation = isFirstOrder
        ? 0
        : (logSnr(nextGamma) - logSnr(gamma)) / (2 * (logSnr(gamma) - logSnr(levels[step - 1]!)));
      const noisy = Math.sqrt(Math.max(0, 1 - nextGamma) / (1 - gamma));
      const clean = Math.sqrt(nextGamma) - noisy * Math.sqrt(gamma);
      const [now, before] = [clean * (1 + extrapolation), -clean * extrapolation];
      const old = previous ?? y0;
      for (let i = 0; i < y.length; i++) {
        y[i] = noisy * y[i]! + now * y0[i]! + before * old[i]!;
      }
      previous = y0;
    }
    return y;
  },
});

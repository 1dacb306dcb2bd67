import { giveBack } from "../../util/give-back.ts";
import { combine, defineSampler, posteriorVariance, transitions } from "./sampler.ts";
import { numberSetting } from "./settings.ts";

/**
 * DDIM (Song et al. 2021, equations 12 and 16), not the paper's:
 *   y_next = sqrt(gamma_next) y0 + sqrt(1 - gamma_next - sigma^2) epsilon + sigma z,
 *   sigma^2 = eta^2 beta-tilde.
 * With eta 0 it is deterministic: a first-order solver of the probability-flow ODE. With eta 1 it
 * is `ddpm` with the posterior variance.
 */
export const ddim = defineSampler({
  name: "ddim",
  description: "DDIM (Song et al. 2021), deterministic with eta 0",
  settings: {
    eta: numberSetting({
      flag: "eta",
      description: "fresh noise in ddim, 0 to 1",
      min: 0,
      max: 1,
      default: 0,
    }),
  },
  async run(denoise, y, levels, { eta }, addNoise) {
    for (const transition of transitions(levels)) {
      const { step, gamma, nextGamma } = transition;
      const y0 = await denoise(y, gamma, nextGamma);
      const variance = eta * eta * posteriorVariance(transition);
      ddimStep(y, y0, gamma, nextGamma, variance);
      giveBack(y0);
      if (variance > 0) addNoise(y, Math.sqrt(variance), step);
    }
    return y;
  },
});

/** y = sqrt(gamma_next) y0 + sqrt(1 - gamma_next - variance) epsilon, in place. */
export function ddimStep(
  y: Float32Array,
  y0: Float32Array,
  gamma: number,
  nextGamma: number,
  variance = 0,
): void {
  const noisy = Math.sqrt(Math.max(0, 1 - nextGamma - variance) / (1 - gamma));
  combine(y, noisy, y0, Math.sqrt(nextGamma) - noisy * Math.sqrt(gamma));
}

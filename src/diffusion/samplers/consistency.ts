import { giveBack } from "../../util/give-back.ts";
import { combine, defineSampler, transitions } from "./sampler.ts";

/**
 * Multistep consistency sampling (Song et al. 2023, Algorithm 1): each estimate of the clean image
 * gets fresh noise of the next level,
 *   y_next = sqrt(gamma_next) y0 + sqrt(1 - gamma_next) z.
 * For models tuned by `palette distill`; the noise estimate, which they no longer give, is not
 * used.
 */
export const consistency = defineSampler({
  name: "consistency",
  description: "multistep consistency sampling (Song et al. 2023), for distilled models",
  settings: {},
  async run(denoise, y, levels, _settings, addNoise) {
    for (const { step, gamma, nextGamma } of transitions(levels)) {
      const y0 = await denoise(y, gamma, nextGamma);
      combine(y, 0, y0, Math.sqrt(nextGamma));
      giveBack(y0);
      if (nextGamma < 1) addNoise(y, Math.sqrt(1 - nextGamma), step);
    }
    return y;
  },
});

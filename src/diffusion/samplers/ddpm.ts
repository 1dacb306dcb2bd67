import { giveBack } from "../../util/give-back.ts";
import {
  combine,
  defineSampler,
  oneMinusAlpha,
  posteriorVariance,
  transitions,
} from "./sampler.ts";
import { choiceSetting } from "./settings.ts";

/** "beta": 1 - alpha_t, the paper's; "posterior": beta-tilde, see `posteriorVariance`. */
export const variances = ["beta", "posterior"] as const;

/**
 * The paper's Algorithm 2 (ancestral sampling, DDPM):
 *   y_{t-1} = (y_t - (1 - alpha_t) / sqrt(1 - gamma_t) epsilon) / sqrt(alpha_t) + sqrt(variance) z,
 * z = 0 at the last step. With y0 in place of epsilon this is the mean of q(y_{t-1} | y_0, y_t):
 *   sqrt(alpha_t) (1 - gamma_{t-1}) / (1 - gamma_t) y_t
 *   + sqrt(gamma_{t-1}) (1 - alpha_t) / (1 - gamma_t) y_0.
 * That form stays finite at any gamma and lets y0 be clipped.
 */
export const ddpm = defineSampler({
  name: "ddpm",
  description: "ancestral sampling, the paper's Algorithm 2",
  settings: {
    variance: choiceSetting("variance", {
      description: "variance of the noise in a step; the paper's beta where nothing is said",
      choices: variances,
      default: undefined,
    }),
  },
  async run(denoise, y, levels, { variance }, addNoise) {
    for (const transition of transitions(levels)) {
      const { step, gamma, nextGamma } = transition;
      const y0 = await denoise(y, gamma, nextGamma);
      const beta = oneMinusAlpha(transition);
      const isLast = nextGamma === 1;
      combine(
        y,
        (Math.sqrt(gamma / nextGamma) * (1 - nextGamma)) / (1 - gamma),
        y0,
        isLast ? 1 : (Math.sqrt(nextGamma) * beta) / (1 - gamma),
      );
      giveBack(y0);
      if (isLast) break;
      addNoise(y, Math.sqrt(variance === "posterior" ? posteriorVariance(transition) : beta), step);
    }
    return y;
  },
});

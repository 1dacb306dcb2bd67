/**
 * How answers are drawn, apart from the number of steps: a sampler with its settings. A model says in its
 * config.json which way suits it; whoever names a sampler gets it as it stands in its paper; and every
 * setting can be chosen by itself.
 */
import { z } from "zod";
import { UsageError } from "../../util/errors.ts";
import type { Prediction } from "../parameterization.ts";
import { spacings } from "./levels.ts";
import { samplers } from "./sample.ts";

/** Less than the noise at which sampling starts. */
export const largestSigmaMin = 100;

export const samplerConfigSchema = z
  .strictObject({
    sampler: z.enum(samplers),
    /** ddim: the share of fresh noise, 0 (none) to 1 (as much as the posterior of ddpm). */
    eta: z.number().min(0).max(1).default(0),
    /** In what the noise levels are even. */
    spacing: z.enum(spacings).default("time"),
    /** The network is not called at noise below this sigma = sqrt((1 - gamma) / gamma). */
    sigmaMin: z.number().min(0).max(largestSigmaMin).default(0),
  })
  .refine(({ sampler, eta }) => eta === 0 || sampler === "ddim", "eta is a setting of ddim");

/** A way of drawing answers. */
export type SamplerConfig = Readonly<z.infer<typeof samplerConfigSchema>>;

/** What a model is sampled with that says nothing else. */
export const defaultSampler: SamplerConfig = textbook("dpm++");

/**
 * For networks that predict x0-skip, as those of few images do: they leave part of the error of each estimate in the
 * picture, which fresh noise covers and the next call removes; but they take too little noise away where
 * little is left, so the last call is made early (docs/experiments/007).
 */
export const stochasticDdim: SamplerConfig = {
  sampler: "ddim",
  eta: 1,
  spacing: "logsnr",
  sigmaMin: 0.05,
};

/** What suits a network that predicts so, where it is not the usual. */
export function recommendedSampler(prediction: Prediction): SamplerConfig | undefined {
  return prediction === "x0-skip" ? stochasticDdim : undefined;
}

/** What may be chosen; what is undefined is not. */
export type SamplerChoices = { readonly [K in keyof SamplerConfig]?: SamplerConfig[K] | undefined };

/**
 * The way to draw: `own`, the model's, unless a sampler is named, which comes without fresh noise, with
 * levels even in time down to the schedule's last; then what is chosen beside.
 * @throws UsageError when there is no such sampler or spacing, a number is out of its range, or an eta
 * above 0 is chosen for another sampler than ddim.
 */
export function resolveSampler(
  choices: SamplerChoices,
  own: SamplerConfig = defaultSampler,
): SamplerConfig {
  const { sampler, eta, spacing, sigmaMin } = choices;
  if (sampler !== undefined && !samplers.includes(sampler)) {
    throw new UsageError(
      `There is no sampler "${sampler}"; the samplers are ${samplers.join(", ")}.`,
    );
  }
  if (spacing !== undefined && !spacings.includes(spacing)) {
    throw new UsageError(
      `There is no spacing "${spacing}"; noise levels are even in ${spacings.join(" or ")}.`,
    );
  }
  if (sigmaMin !== undefined && !(sigmaMin >= 0 && sigmaMin <= largestSigmaMin)) {
    throw new UsageError(
      `sigma-min is a number from 0 to ${largestSigmaMin}, such as 0.05, not ${sigmaMin}.`,
    );
  }
  const base = sampler === undefined ? own : textbook(sampler);
  if (eta !== undefined) {
    if (!(eta >= 0 && eta <= 1)) {
      throw new UsageError(`eta is a number from 0 (no noise) to 1 (as ddpm), not ${eta}.`);
    }
    if (eta > 0 && base.sampler !== "ddim") {
      throw new UsageError("eta is a setting of ddim: choose that sampler too.");
    }
  }
  return {
    sampler: base.sampler,
    eta: eta ?? base.eta,
    spacing: spacing ?? base.spacing,
    sigmaMin: sigmaMin ?? base.sigmaMin,
  };
}

/** A sampler as it stands in its paper. */
export function textbook(sampler: SamplerConfig["sampler"]): SamplerConfig {
  return { sampler, eta: 0, spacing: "time", sigmaMin: 0 };
}

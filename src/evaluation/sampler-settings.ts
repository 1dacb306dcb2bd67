/**
 * How answers are drawn in an evaluation: "20" is the model's own way, "20:eta=0" that with a change;
 * "ddpm:1000", "dpm++:20:logsnr", "ddpm:1000:below", "ddim:20:logsnr:eta=1:sigma-min=0.05" are samplers
 * as in their papers, and changes.
 */

import { spacings } from "../diffusion/samplers/levels.ts";
import { samplers } from "../diffusion/samplers/sample.ts";
import {
  resolveSampler,
  type SamplerChoices,
  type SamplerConfig,
} from "../diffusion/samplers/sampler-config.ts";
import { UsageError } from "../util/errors.ts";

/** What is asked for: what is left out is the model's own way, or that of the sampler's paper. */
export interface SamplingWish extends SamplerChoices {
  readonly steps: number;
  /** Also at noise levels below those of training, as the paper's 1000 steps. */
  readonly belowTrained?: true;
}

/** How a model is sampled. */
export interface Sampling extends SamplerConfig {
  readonly steps: number;
  readonly belowTrained?: true;
}

/**
 * @param text steps, or sampler and steps as in "ddim:50"; then, in any order and at most once,
 * ":time" or ":logsnr", ":below", ":eta=" and ":sigma-min=" with a number
 * @throws UsageError when it is none of these.
 */
export function parseSampling(text: string): SamplingWish {
  const [, name, digits, rest = ""] = /^(?:([^:]+):)?(\d+)((?::[^:]+)*)$/.exec(text.trim()) ?? [];
  const sampler = samplers.find((one) => one === name);
  const steps = Number(digits);
  const words = rest.split(":").slice(1);
  const settings = new Map(words.map((word) => [keyOf(word), word]));
  if (
    (name !== undefined && sampler === undefined) ||
    !(Number.isSafeInteger(steps) && steps >= 1) ||
    settings.has(undefined) ||
    settings.size < words.length
  ) {
    throw new UsageError(
      `Cannot read the steps "${text}"; write a number such as 20, or sampler:number such as ddpm:1000 (samplers: ${samplers.join(", ")}), and behind it :time or :logsnr, :below, :sigma-min=0.05, and with ddim :eta=1, if you like.`,
    );
  }
  const wish: SamplingWish = {
    ...(sampler && { sampler }),
    steps,
    ...(settings.has("spacing") && {
      spacing: spacings.find((one) => one === settings.get("spacing"))!,
    }),
    ...(settings.has("below") && { belowTrained: true }),
    ...(settings.has("eta") && { eta: numberIn(settings.get("eta")!) }),
    ...(settings.has("sigma-min") && { sigmaMin: numberIn(settings.get("sigma-min")!) }),
  };
  // What depends on the model's own sampler is seen when there is one (`samplingOf`).
  resolveSampler(sampler === undefined ? { ...wish, sampler: "ddim" } : wish);
  return wish;
}

/**
 * What is asked for, with `own`, what the model's config.json says of sampling.
 * @throws UsageError when the two do not go together.
 */
export function samplingOf(wish: SamplingWish, own?: SamplerConfig): Sampling {
  const { steps, belowTrained } = wish;
  return { ...resolveSampler(wish, own), steps, ...(belowTrained && { belowTrained }) };
}

/** "dpm++:20"; the way it is written in options and reports. */
export function samplingName(sampling: Sampling): string {
  return [sampling.sampler, sampling.steps, ...wordsOf(sampling)].join(":");
}

/** The sampler with its noise levels, without the number of steps: "dpm++", "ddpm below". */
export function samplerName(sampling: Sampling): string {
  return [sampling.sampler, ...wordsOf(sampling)].join(" ");
}

/** What a word behind the steps is about. */
function keyOf(word: string): "spacing" | "below" | "eta" | "sigma-min" | undefined {
  if (spacings.some((one) => one === word)) return "spacing";
  if (word === "below") return "below";
  if (/^eta=./.test(word)) return "eta";
  if (/^sigma-min=./.test(word)) return "sigma-min";
  return undefined;
}

function numberIn(word: string): number {
  return Number(word.slice(word.indexOf("=") + 1));
}

function wordsOf({ spacing, belowTrained, eta, sigmaMin }: Sampling): string[] {
  return [
    ...(spacing === "time" ? [] : [spacing]),
    ...(belowTrained ? ["below"] : []),
    ...(eta === 0 ? [] : [`eta=${eta}`]),
    ...(sigmaMin === 0 ? [] : [`sigma-min=${sigmaMin}`]),
  ];
}

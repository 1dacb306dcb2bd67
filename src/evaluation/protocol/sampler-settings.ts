/**
 * Samplers of an evaluation as text. "20" is the model's own sampler with 20 steps, and "20:eta=0"
 * the same with a change. "ddpm:1000", "dpm++:20:logsnr", "ddpm:1000:below" and
 * "ddim:20:logsnr:eta=1:sigma-min=0.05" are samplers as in their papers, with changes. Of
 * colorization ":guidance=1.5" is guided by the source; ":start=1.5" begins at the source under
 * noise of that sigma, with ":start-noise=0.4" under that share of it. "own" is what restoring
 * does: each task's sampler, steps and start as the model's config.json says; "mean" is what
 * `--mean` does, the posterior mean in one call.
 */

import { stepsSchema } from "../../diffusion/samplers/levels.ts";
import { samplerSettings, samplers } from "../../diffusion/samplers/registry.ts";
import {
  changedSettings,
  resolveSampler,
  type SamplerChoices,
  type SamplerConfig,
} from "../../diffusion/samplers/sampler-config.ts";
import { validate } from "../../diffusion/samplers/settings.ts";
import type { ModelConfig } from "../../models/config.ts";
import { ownSampler } from "../../models/settings/sampling.ts";
import { isGuided } from "../../pipeline/guidance.ts";
import { ownStart, ownSteps, type WalkStart } from "../../pipeline/sampling-options.ts";
import { UsageError } from "../../util/errors.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import type { EvaluationCondition } from "./conditions.ts";

/** How many steps a sampling takes, and down to which noise. */
export interface Steps extends WalkStart {
  /** Noise levels that are visited. */
  readonly steps: number;
  /** Also at noise levels below those of training, as the paper's 1000 steps. */
  readonly belowTrained?: true;
  /** See `SamplingOptions`. */
  readonly guidance?: number;
}

/** What is asked for; the rest is as the model's config.json says, or the named sampler's paper. */
export type SamplingWish = SamplerChoices & Steps;

/** How a model is sampled. */
export type Sampling = SamplerConfig & Steps;

/** Each task in its own way: as `Palette.restore` samples unless told otherwise, or its mean. */
export const ownWays = ["own", "mean"] as const;

export type OwnWay = (typeof ownWays)[number];

/** How a model is sampled in all tasks. */
export type SamplingWay = Sampling | "own" | "mean";

export function isOwnWay(way: unknown): way is OwnWay {
  return ownWays.some((one) => one === way);
}

/** What `--steps` lists. @throws UsageError as `parseSampling` */
export function parseWay(text: string): SamplingWish | OwnWay {
  const word = text.trim();
  return isOwnWay(word) ? word : parseSampling(text);
}

/** How a model is sampled in a condition. */
export function samplingIn(
  { task, known = {} }: Pick<EvaluationCondition, "task" | "known">,
  way: SamplingWay,
  config: ModelConfig,
): Sampling {
  if (!isOwnWay(way)) return way;
  const sampler = resolveSampler({}, ownSampler(config, task.name));
  const start = omitUndefined(ownStart(config, task, known));
  if (way === "own") return { ...sampler, steps: ownSteps(config, task.name), ...start };
  // One step of any sampler is the estimate at the noisiest level, and of a start without noise.
  return {
    ...sampler,
    steps: 1,
    ...start,
    ...(start.startSigma !== undefined && { startNoise: 0 }),
  };
}

/** The way as options and reports write it: "own", "dpm++:20". */
export function wayName(way: SamplingWay): string {
  return isOwnWay(way) ? way : samplingName(way);
}

/**
 * @param text steps, or sampler and steps as in "ddim:50"; then, in any order and at most once,
 * ":below" and the settings of samplers: a word (":logsnr"), or a number by its name (":eta=1")
 * @throws UsageError when it is none of these.
 */
export function parseSampling(text: string): SamplingWish {
  const [, name, digits, rest = ""] = /^(?:([^:]+):)?(\d+)((?::[^:]+)*)$/.exec(text.trim()) ?? [];
  const words = rest.split(":").slice(1);
  const chosen = words.map(parseWord);
  const choices = Object.fromEntries(chosen.filter((pair) => pair !== undefined));
  const isKnown = name === undefined || samplers.some((sampler) => sampler.name === name);
  if (
    !isKnown ||
    !Number.isSafeInteger(Number(digits)) ||
    Object.keys(choices).length < words.length
  ) {
    const names = samplers.map((sampler) => sampler.name).join(", ");
    throw new UsageError(
      `Cannot read the steps "${text}": write a number such as 20, or own, or mean, or sampler:number such as ddpm:1000 (samplers: ${names}), then any of ${suffixes()}.`,
    );
  }
  validate(stepsSchema, Number(digits));
  // Settings that do not fit the model's own sampler are found when there is a model
  // (`samplingOf`).
  for (const { name: key, setting } of samplerSettings())
    validate<unknown>(setting.schema, choices[key]);
  const wish = { ...(name !== undefined && { sampler: name }), steps: Number(digits), ...choices };
  if (name !== undefined) resolveSampler(wish);
  return wish;
}

/**
 * What is asked for, on top of `own`, the sampler of the model's config.json.
 * @throws UsageError when the two do not go together.
 */
export function samplingOf(wish: SamplingWish, own?: SamplerConfig): Sampling {
  const { steps, belowTrained, guidance, startSigma, startNoise } = wish;
  return {
    ...{ ...resolveSampler(wish, own), steps },
    ...omitUndefined({
      ...{ belowTrained, startSigma, startNoise },
      guidance: isGuided(guidance) ? guidance : undefined,
    }),
  };
}

/** "dpm++:20"; the way it is written in options and reports. */
export function samplingName(sampling: Sampling): string {
  return [sampling.sampler, sampling.steps, ...wordsOf(sampling)].join(":");
}

/** The sampler with its noise levels, without the number of steps: "dpm++", "ddpm below". */
export function samplerName(sampling: Sampling): string {
  return [sampling.sampler, ...wordsOf(sampling)].join(" ");
}

/** What may follow the steps, with an example of each: ":time, :logsnr, :below, :eta=1". */
export function suffixes(): string {
  const settings = samplerSettings().map(({ setting }) => setting);
  return [
    ...settings.flatMap((one) => (one.kind === "choice" && one.flag ? one.choices : [])),
    "below",
    ...settings.flatMap((one) =>
      one.kind === "number" ? [`${one.flag}=${one.example ?? one.max}`] : [],
    ),
    "guidance=1.5",
    "start=1.5",
    "start-noise=0.4",
  ]
    .map((word) => `:${word}`)
    .join(", ");
}

/** The setting that a word behind the steps chooses, and its value. */
function parseWord(word: string): [string, unknown] | undefined {
  if (word === "below") return ["belowTrained", true];
  const [flag, digits] = word.split("=", 2);
  if (flag === "guidance" && digits) return ["guidance", Number(digits)];
  if (flag === "start" && Number(digits) > 0) return ["startSigma", Number(digits)];
  if (flag === "start-noise" && digits && Number(digits) >= 0 && Number(digits) <= 1)
    return ["startNoise", Number(digits)];
  for (const { name, setting } of samplerSettings()) {
    if (setting.flag === undefined) continue;
    if (setting.kind === "choice" && setting.choices.includes(word)) return [name, word];
    if (setting.kind === "number" && setting.flag === flag && digits) return [name, Number(digits)];
  }
  return undefined;
}

function wordsOf(sampling: Sampling): string[] {
  const changed = changedSettings(sampling);
  return [
    ...changed.flatMap(({ kind, value }) => (kind === "choice" ? [String(value)] : [])),
    ...(sampling.belowTrained ? ["below"] : []),
    ...changed.flatMap(({ kind, flag, value }) => (kind === "number" ? [`${flag}=${value}`] : [])),
    ...(sampling.guidance === undefined ? [] : [`guidance=${sampling.guidance}`]),
    ...(sampling.startSigma === undefined ? [] : [`start=${sampling.startSigma}`]),
    ...(sampling.startNoise === undefined ? [] : [`start-noise=${sampling.startNoise}`]),
  ];
}

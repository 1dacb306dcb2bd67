/** The options of sampling, their defaults and their limits. */

import { stepsSchema } from "../diffusion/samplers/levels.ts";
import { samplerSettings } from "../diffusion/samplers/registry.ts";
import type { SamplerChoices } from "../diffusion/samplers/sampler-config.ts";
import { validate } from "../diffusion/samplers/settings.ts";
import type { Image } from "../image/image.ts";
import type { ModelConfig } from "../models/config.ts";
import type { Task } from "../tasks/task.ts";
import { UsageError } from "../util/errors.ts";

/** Samples of one image in a call; for more, call again with other seeds. */
export const mostSamples = 256;

export const samplingDefaults = { samples: 1, steps: 20, sharpenSteps: 4, seed: 0 } as const;

/** Noise levels that a model's own sampler visits in a task. */
export function ownSteps({ sampling }: Pick<ModelConfig, "sampling">, task: string): number {
  return sampling?.steps?.[task] ?? samplingDefaults.steps;
}

/** Where a walk starts: at the degraded picture under noise, or at noise alone. */
export interface WalkStart {
  /**
   * Conditions without a mask are sampled from themselves on, under noise of this
   * sigma = sqrt((1 - gamma) / gamma); default: from noise alone.
   */
  readonly startSigma?: number | undefined;
  /** The share of that noise that is added, 0 to 1; default 1. */
  readonly startNoise?: number | undefined;
}

/** Where the model's own sampler starts in a task, and the mean is taken. */
export function ownStart(
  { sampling = {} }: Pick<ModelConfig, "sampling">,
  task: Task,
  options: object,
): WalkStart {
  const startSigma = task.startSigma?.(options, sampling) ?? sampling.starts?.[task.name];
  return startSigma === undefined
    ? {}
    : { startSigma, startNoise: sampling.startNoise?.[task.name] };
}

/**
 * How images are sampled. `sampler` is "ddpm" (the paper's), "ddim", "dpm++" or a registered one.
 * Default: the sampler in the model's config.json (`sampling`), or "dpm++".
 *
 * `eta` is the fresh noise in ddim, 0 (none) to 1. `spacing` makes noise levels even in "time" (the
 * schedule's t) or "logsnr". `sigmaMin`: no network call at less noise than this
 * sigma = sqrt((1 - gamma) / gamma). Each can be chosen with a sampler or without.
 */
export interface SamplingOptions extends SamplerChoices {
  /** Samples, 1 to 256; default 1. Sample k is the same in any number of them. */
  readonly samples?: number;
  /**
   * Noise levels that are visited, a network call each in most samplers. Default: as the model's
   * config.json says for the task (`sampling.steps`) where no sampler is named, else 20.
   */
  readonly steps?: number;
  /**
   * The posterior mean instead of a sample: the network's estimate in one call at the highest noise
   * level, or of a photo whose damage is a noise level itself (`sampling.jpegStarts`, `starts`)
   * there, without more noise. Nothing is invented, and what is uncertain is soft or pale. It is
   * the same for every seed.
   */
  readonly mean?: boolean;
  /**
   * Whether what is filled at the model's scale and enlarged is then made sharp at 2, 4, ... times
   * that scale, up to the photo's own pixels: by models trained for `sharpen`, in the steps that
   * their config.json says for it (`sampling.steps`), else 4. Default true.
   */
  readonly sharpen?: boolean;
  /**
   * Guidance by the source, 0 to 10, of colorization by models that were trained with
   * `conditioningDropout`: above 1 the colours are stronger. Each step takes two network calls; 1,
   * the default, is the model as it is.
   */
  readonly guidance?: number;
  /** Restores also what the model is known to make worse, by the network alone; default false. */
  readonly force?: boolean;
  /**
   * Visits noise levels below those of training too, as the paper's 1000 steps do; default false.
   */
  readonly belowTrained?: boolean;
  /** A whole number; default 0. The same seed gives the same samples. */
  readonly seed?: number;
  /** Clips each estimate of the clean image to [-1, 1]; default true. */
  readonly clip?: boolean;
  /** Called after each network call; awaited. */
  readonly onStep?: (progress: SamplingProgress) => void | Promise<void>;
  /** Called within network calls for pictures larger than the model's, as their tiles are done. */
  readonly onTiles?: (done: number, tiles: number) => void;
  /** Called before each sample is brought to the photo's own size: `done` of them are. */
  readonly onFinish?: (done: number, samples: number) => void;
  /** Stops before the next network call, tile or sample by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface SamplingProgress {
  /** 1 after the first network call, `steps` after the last. */
  readonly step: number;
  /**
   * Network calls in all, counted over all conditions and batches of an image. They may be fewer
   * than `steps` asks for (see `samplingLevels`).
   */
  readonly steps: number;
  /** The noise level of this call. */
  readonly gamma: number;
  /**
   * The current estimates of the samples, at the size of the condition: copies, to be asked for
   * before `onStep` is done.
   */
  estimates(): Image[];
  /**
   * Of `Palette.restore` and `panorama`: the answers that the call was about, by number, from 0,
   * each as it would be by the present estimates. What was not reached yet is noise or missing.
   */
  readonly pictures?: ReadonlyMap<number, () => Promise<Image>>;
}

/** What can be said without a model; @throws UsageError naming what is impossible. */
export function checkOptions(options: SamplingOptions): void {
  const { samples = 1, seed = 0, steps, mean } = options;
  if (!(Number.isInteger(samples) && samples >= 1 && samples <= mostSamples)) {
    throw new UsageError(
      `The samples are a whole number from 1 to ${mostSamples}, not ${samples}.`,
    );
  }
  if (!Number.isSafeInteger(seed)) {
    throw new UsageError(`The seed is a whole number of at most 15 digits, not ${seed}.`);
  }
  if (steps !== undefined) validate(stepsSchema, steps);
  if (!mean) return;
  if (samples > 1) throw new UsageError("The mean is one answer: leave out the samples.");
  const given: Readonly<Record<string, unknown>> = { ...options };
  const names = ["steps", "guidance", "sampler", ...samplerSettings().map(({ name }) => name)];
  const walked = names.find((name) => given[name] !== undefined);
  if (walked !== undefined) {
    throw new UsageError(`The mean is one network call without a sampler: leave out ${walked}.`);
  }
}

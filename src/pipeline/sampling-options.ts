/** How answers are drawn: the options of restoring, their defaults and their limits. */

import { stepsSchema } from "../diffusion/samplers/levels.ts";
import type { SamplerChoices } from "../diffusion/samplers/sampler-config.ts";
import { validate } from "../diffusion/samplers/settings.ts";
import type { Image } from "../image/image.ts";
import { UsageError } from "../util/errors.ts";

/** More answers than this to one picture are asked for in several calls, with other seeds. */
export const mostSamples = 256;

export const samplingDefaults = { samples: 1, steps: 20, seed: 0 } as const;

/**
 * The sampler and its settings: `sampler` is "ddpm" (the paper's), "ddim", "dpm++" or a registered one.
 * Default: the sampler in the model's config.json (`sampling`), or "dpm++".
 *
 * `eta` is the fresh noise in ddim, 0 (none) to 1. `spacing` makes noise levels even in "time" (the
 * schedule's t) or "logsnr". `sigmaMin`: no network call at less noise than this
 * sigma = sqrt((1 - gamma) / gamma). Each can be chosen with a sampler or without.
 */
type SamplerSettings = SamplerChoices;

/** How pictures are sampled. */
export interface SamplingOptions extends SamplerSettings {
  /** Answers, 1 to 256; default 1. Answer k is the same however many are asked for. */
  readonly samples?: number;
  /** Network calls an answer; default 20. */
  readonly steps?: number;
  /** Visits noise levels below those of training too, as the paper's 1000 steps do; default false. */
  readonly belowTrained?: boolean | undefined;
  /** A whole number; default 0. The same seed gives the same answers. */
  readonly seed?: number;
  /** Keeps each estimate of the clean picture in range; default true. */
  readonly clip?: boolean;
  /** Called after each network call; awaited. */
  readonly onStep?: ((progress: SamplingProgress) => void | Promise<void>) | undefined;
  /** Called within network calls for pictures larger than the model's, as their tiles are done. */
  readonly onTiles?: ((done: number, tiles: number) => void) | undefined;
  /** Called before each answer is brought to the picture's own size: `done` of them are. */
  readonly onFinish?: ((done: number, answers: number) => void) | undefined;
  /** Stops before the next network call, the next tile of it or the next answer, by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface SamplingProgress {
  /** 1 after the first network call, `steps` after the last. */
  readonly step: number;
  /**
   * Network calls in all, which may be fewer than asked for (see `samplingLevels`); several holes of
   * one picture are filled one after the other, and so are the answers to a large one drawn.
   */
  readonly steps: number;
  /** The noise level of this call. */
  readonly gamma: number;
  /** The answers as they are estimated now: of the part, and at the size, that the network is shown. */
  estimates(): Image[];
}

/** What can be said without a model; @throws UsageError naming what is impossible. */
export function checkOptions({ samples = 1, seed = 0, steps }: SamplingOptions): void {
  if (!(Number.isInteger(samples) && samples >= 1 && samples <= mostSamples)) {
    throw new UsageError(
      `The samples are a whole number from 1 to ${mostSamples}, not ${samples}.`,
    );
  }
  if (!Number.isSafeInteger(seed)) {
    throw new UsageError(`The seed is a whole number of at most 15 digits, not ${seed}.`);
  }
  if (steps !== undefined) validate(stepsSchema, steps);
}

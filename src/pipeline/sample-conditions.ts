/**
 * Sampling from a network given conditions: the one path under `Palette`, the sample sheets of
 * training and evaluation. It chooses regression or sampling, noise levels, seeds and noise in
 * holes.
 */

import type { KnownPixels } from "../diffusion/known-pixels.ts";
import { samplingLevels } from "../diffusion/samplers/levels.ts";
import { type SampleOptions, sample } from "../diffusion/samplers/sample.ts";
import {
  networkCalls,
  resolveSampler,
  type SamplerChoices,
  textbook,
} from "../diffusion/samplers/sampler-config.ts";
import {
  gammaOfSigma,
  scheduleFrom,
  smallestGamma as smallestGammaOf,
} from "../diffusion/schedule.ts";
import { copyOf, createMask, type Image } from "../image/image.ts";
import { stack, unstack } from "../image/stack.ts";
import type { ModelConfig } from "../models/config.ts";
import { type Network, regress } from "../runtime/network.ts";
import { tiled } from "../runtime/tiled.ts";
import { noiseInMask } from "../tasks/mask-noise.ts";
import { type Condition, composeOnto } from "../tasks/task.ts";
import { UsageError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { Random, type SeedPart } from "../util/random.ts";
import { checkGuidance, guidedOutput, isGuided } from "./guidance.ts";
import { type SamplingProgress, samplingDefaults, type WalkStart } from "./sampling-options.ts";

/** The noise under the posterior mean, of which the network is told that it says nothing. */
const meanSeed: readonly SeedPart[] = ["mean"];

/** One sample to take. */
export interface ConditionSample {
  readonly condition: Condition;
  /** The name of the sample's noise stream (see `sampleSeeds`). */
  readonly seed: readonly SeedPart[];
}

/** How conditions are sampled; the sampler is the model's own where none is chosen. */
export interface ConditionOptions extends SamplerChoices, WalkStart {
  /** Noise levels that are visited; default 20. */
  readonly steps?: number;
  /**
   * The posterior mean, one call: see `SamplingOptions`. The samples' seeds are not looked at, and
   * of `startNoise` nothing is added, so that none of it stays in the answer.
   */
  readonly mean?: boolean;
  /** Of whole pictures: see `SamplingOptions`. */
  readonly guidance?: number;
  readonly belowTrained?: boolean;
  readonly clip?: boolean;
  /** Lets samples share a run of the network: faster, with other last bits. Default false. */
  readonly together?: boolean;
  /** The noise in holes: drawn anew for each sample (the default), or as the condition has it. */
  readonly holeNoise?: "fresh" | "given";
  readonly onStep?: (progress: SamplingProgress) => void | Promise<void>;
  readonly onTiles?: (done: number, tiles: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * One image for each sample, in their order: the known pixels of its condition, and the network's
 * in the rest, in [-1, 1]. A regression model answers in one call.
 * @param requested conditions of one size, from the model's resolution up; at least one
 * @throws UsageError for impossible options, the signal's reason when aborted.
 */
export async function sampleConditions(
  network: Network,
  requested: readonly ConditionSample[],
  options: ConditionOptions = {},
): Promise<Image[]> {
  const { config } = network;
  const samples = options.mean
    ? requested.map(({ condition }) => ({ condition, seed: meanSeed }))
    : requested;
  const { onStep, onTiles, signal } = options;
  const conditions = samples.map(({ condition }) => condition);
  const { width, height } = conditions[0]!.x;
  const shape = [samples.length, config.network.channels, height, width] as const;
  const source = sourceOf(samples, options.holeNoise ?? "fresh");
  const model = tiled(network);
  /** In the place of `values` where they are one picture, which may be large. */
  const composed = (values: Float32Array) =>
    unstack(values, conditions.length).map((part, k) => {
      const data = conditions.length === 1 ? part : part.slice();
      return composeOnto(conditions[k]!, { ...conditions[k]!.x, data });
    });

  if (config.objective.regression) {
    checkGuidance(config, options.guidance);
    signal?.throwIfAborted();
    const images = composed(await regress(model, source, shape));
    await onStep?.({ step: 1, steps: 1, gamma: 0, estimates: () => images.map(copyOf) });
    return images;
  }
  const { guidance } = options;
  checkGuidance(config, guidance);
  const known = knownPixels(conditions);
  if (known && isGuided(guidance))
    throw new UsageError("Guidance is for whole pictures: leave it out where a mask keeps pixels.");
  const units = options.together ? [samples.length] : undefined;
  const { startSigma, startNoise = 1, ...others } = options;
  const begun = startSigma !== undefined && known === undefined;
  const { startsFromSource, ...walk } = walkOf(config, begun ? options : others);
  const starts = unstack(source, samples.length).map((x, k) =>
    startsFromSource && conditions[k]!.mask ? x : undefined,
  );
  const result = await sample(
    {
      ...{ shape, known, starts, prediction: config.objective.prediction },
      ...(begun && { beginning: { pictures: source, noise: options.mean ? 0 : startNoise } }),
      predict: (noisy, gamma) => {
        const call = { source, noisy, gamma, shape, units, wanted: known?.mask, onTiles, signal };
        return isGuided(guidance)
          ? guidedOutput((guided) => model.predict(guided), call, guidance)
          : model.predict(call);
      },
    },
    { ...walk, signal, seeds: samples.map(({ seed }) => seed) },
    onStep &&
      ((info) => {
        const { step, steps, gamma } = info;
        return onStep({ step, steps, gamma, estimates: () => composed(info.y0) });
      }),
  );
  return composed(result);
}

/** Network calls of a sample; `steps` asks for at most so many noise levels. */
export function callsOf(config: ModelConfig, options: ConditionOptions): number {
  if (config.objective.regression) return 1;
  const { startsFromSource: _, ...walk } = walkOf(config, options);
  return networkCalls(resolveSampler(walk).sampler, samplingLevels(walk).length);
}

/**
 * Sampler, noise levels and clipping. With ddpm an imported model keeps its makers' way (`ddpm`).
 */
function walkOf(
  config: ModelConfig,
  options: ConditionOptions,
): Omit<SampleOptions, "seeds"> & { readonly startsFromSource: boolean } {
  const { steps, clip, belowTrained } = { ...samplingDefaults, ...omitUndefined(options) };
  const { schedule, smallestGamma: trained } = levelsOf(config);
  const { startSigma } = options;
  const smallestFrom = (least: number) =>
    startSigma === undefined
      ? trained
      : Math.max(trained, gammaOfSigma(Math.max(startSigma, least)));
  if (options.mean) {
    // "logsnr" begins exactly at the smallest gamma.
    const spacing = startSigma === undefined ? "time" : "logsnr";
    const walk = { ...textbook("ddim"), spacing, schedule } as const;
    return { ...walk, smallestGamma: smallestFrom(0), steps: 1, startsFromSource: false };
  }
  const sampler = resolveSampler(options, config.sampler);
  // A start at less noise than the sampler's least is a walk of one level.
  const smallestGamma = smallestFrom(sampler.sigmaMin ?? 0);
  const quirks = sampler.sampler === "ddpm" ? config.ddpm : undefined;
  const variance = sampler.sampler === "ddpm" ? sampler.variance : undefined;
  return {
    ...sampler,
    ...(quirks && { variance: variance ?? quirks.variance }),
    ...{ steps, schedule, smallestGamma, clip: clip ?? quirks?.clip },
    belowTrained: belowTrained ?? (quirks?.belowTrained === true && steps >= schedule.steps),
    startsFromSource: quirks?.start === "source",
  };
}

/** The noise levels to choose from, and the least that the network has seen of a picture. */
function levelsOf(
  config: ModelConfig,
): Required<Pick<SampleOptions, "schedule" | "smallestGamma">> {
  return {
    schedule: scheduleFrom(config.inferenceSchedule),
    smallestGamma: smallestGammaOf(scheduleFrom(config.trainingSchedule)),
  };
}

/** A batch to be read only: of one picture its own numbers, which may be many. */
function sideBySide(parts: readonly Float32Array[]): Float32Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : stack(parts);
}

/** The source images x, [N, C, H, W]. */
function sourceOf(samples: readonly ConditionSample[], holeNoise: "fresh" | "given"): Float32Array {
  return sideBySide(
    samples.map(({ condition: { x, mask, holeIsShown }, seed }) =>
      mask === undefined || holeIsShown || holeNoise === "given"
        ? x.data
        : noiseInMask(x, mask, Random.from(...seed, "hole")).data,
    ),
  );
}

/** The known pixels of a batch; a condition without a mask has none. */
function knownPixels(conditions: readonly Condition[]): KnownPixels | undefined {
  if (conditions.every(({ mask }) => mask === undefined)) return undefined;
  return {
    data: sideBySide(conditions.map(({ x }) => x.data)),
    mask: sideBySide(
      conditions.map(({ x, mask }) => mask?.data ?? createMask(x.width, x.height, 1).data),
    ),
  };
}

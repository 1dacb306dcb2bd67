/**
 * Sampling: from N(0, I) to clean images, with any sampler and any parameterization. The samplers
 * lie beside this file. Here is what they share: noise by seed, known pixels, clipping, progress.
 */
import { PaletteError } from "../../util/errors.ts";
import { Random, type SeedPart } from "../../util/random.ts";
import { type KnownPixels, pasteKnown } from "../known-pixels.ts";
import { estimateClean, type Prediction } from "../parameterization.ts";
import { type LevelOptions, samplingLevels } from "./levels.ts";
import { samplerNamed } from "./registry.ts";
import { type AddNoise, combine, type Denoise } from "./sampler.ts";
import { networkCalls, resolveSampler, type SamplerChoices } from "./sampler-config.ts";

/**
 * The network for one batch, with its source image x bound.
 * @param noisy y_t [N, C, H, W]: to be read only, and only until the promise settles
 * @param gamma the noise level of all N
 * @param nextGamma the level that follows, 1 after the last call
 * @returns the network's output [N, C, H, W], as it is; it is overwritten
 */
export type Predict = (
  noisy: Float32Array,
  gamma: number,
  nextGamma: number,
) => Promise<Float32Array>;

/** What is to be sampled. */
export interface SamplingProblem {
  /** [N, C, H, W] */
  readonly shape: readonly [number, number, number, number];
  /** The parameterization: what the output of `predict` means. */
  readonly prediction: Prediction;
  readonly predict: Predict;
  /** For inpainting and uncropping: pixels that stand clean in y_t and exactly so in the result. */
  readonly known?: KnownPixels;
  /** y_T of each of the N samples, [C, H, W]; default: N(0, I) from the sample's stream. */
  readonly starts?: readonly (Float32Array | undefined)[];
  /** What the samples without a start begin at; default: noise alone. */
  readonly beginning?: {
    /** [N, C, H, W], only read. */
    readonly pictures: Float32Array;
    /** The share of the first level's noise that is added, 0 to 1. */
    readonly noise: number;
  };
}

/** How it is sampled: sampler and settings (`SamplerChoices`), noise levels (`LevelOptions`). */
export type SampleOptions = SamplerChoices &
  LevelOptions & {
    /** One stream name a sample (see `sampleSeeds`): sample k is the same in any batch. */
    readonly seeds: readonly (readonly SeedPart[])[];
    /** Clips each estimate of the clean image to [-1, 1]; default true. The paper does not say. */
    readonly clip?: boolean;
    /** Stops before the next network call by throwing the signal's reason. */
    readonly signal?: AbortSignal;
  };

/** What is known after a network call. */
export interface SamplingStep {
  /** 1 after the first network call, `steps` after the last. */
  readonly step: number;
  /** Network calls in all. */
  readonly steps: number;
  /** The noise level of this call. */
  readonly gamma: number;
  /**
   * The estimate of the clean images, [N, C, H, W]: a copy each time it is asked for, before the
   * next step begins.
   */
  readonly y0: Float32Array;
}

/** Numbers of noise in memory at a time. */
const noiseBlock = 2 ** 16;

/** The stream names of samples `first` to `first + count - 1` under one seed. */
export function sampleSeeds(seed: SeedPart, count: number, first = 0): SeedPart[][] {
  return Array.from({ length: count }, (_, k) => [seed, "sample", first + k]);
}

/**
 * Samples clean images [N, C, H, W] over the noise levels `samplingLevels(options)`. The result is
 * in [-1, 1] if clipped, and its known pixels are exactly the given ones.
 *
 * @param onStep called after each network call with the current estimate; awaited
 * @throws UsageError on impossible options, PaletteError on arrays of the wrong size and when the
 * network answers something that is not a number; the signal's reason when aborted.
 */
export async function sample(
  problem: SamplingProblem,
  options: SampleOptions,
  onStep?: (info: SamplingStep) => void | Promise<void>,
): Promise<Float32Array> {
  const [count, channels, height, width] = problem.shape;
  const { known, prediction, starts, beginning } = problem;
  const { seeds, clip = true, signal } = options;
  const pixels = height * width;
  if (seeds.length !== count) {
    throw new PaletteError(`${count} samples need as many seeds, but ${seeds.length} were given.`);
  }
  const config = resolveSampler(options);
  const levels = samplingLevels({ ...options, ...config });
  const steps = networkCalls(config.sampler, levels.length);
  let step = 0;

  const denoise: Denoise = async (y, gamma, nextGamma) => {
    signal?.throwIfAborted();
    if (known) pasteKnown(y, known, channels, pixels);
    const output = await problem.predict(y, gamma, nextGamma);
    const y0 = estimateClean(prediction, output, y, gamma, output);
    finish(y0, clip, gamma);
    if (known) pasteKnown(y0, known, channels, pixels);
    const current = ++step;
    await onStep?.({
      ...{ step: current, steps, gamma },
      get y0() {
        if (y0.length === 0) throw new PaletteError(`The estimates of step ${current} are gone.`);
        return y0.slice();
      },
    });
    return y0;
  };

  const z = new Float32Array(Math.min(noiseBlock, channels * pixels));
  const addNoise: AddNoise = (y, scale, noiseStep) => {
    for (const [k, seed] of seeds.entries()) {
      const random = Random.from(...seed, "step", noiseStep);
      const part = partOf(y, k, count);
      for (let from = 0; from < part.length; from += z.length) {
        const some = part.subarray(from, from + z.length);
        random.fillNormal(z.subarray(0, some.length));
        for (let i = 0; i < some.length; i++) some[i]! += scale * z[i]!;
      }
    }
  };

  const y = new Float32Array(count * channels * pixels);
  for (const [k, seed] of seeds.entries()) {
    const part = partOf(y, k, count);
    const start = starts?.[k];
    if (start !== undefined) {
      part.set(start);
      continue;
    }
    if (beginning?.noise !== 0) Random.from(...seed, "start").fillNormal(part);
    if (beginning === undefined) continue;
    const picture = partOf(beginning.pictures, k, count);
    const noise = beginning.noise * Math.sqrt(1 - levels[0]!);
    combine(part, noise, picture, Math.sqrt(levels[0]!));
  }
  return samplerNamed(config.sampler).run(denoise, y, levels, { ...config }, addNoise);
}

/** Clips if asked, and refuses what is not a number: it would spread to the whole image. */
function finish(y0: Float32Array, clip: boolean, gamma: number): void {
  for (let i = 0; i < y0.length; i++) {
    const value = y0[i]!;
    if (!Number.isFinite(value)) {
      throw new PaletteError(
        `The network answered ${value} at gamma ${gamma}: its weights are damaged; use another model.`,
      );
    }
    if (clip) y0[i] = Math.min(1, Math.max(-1, value));
  }
}

/** Sample k's part of a batch, as a view. */
function partOf(batch: Float32Array, k: number, count: number): Float32Array {
  const size = batch.length / count;
  return batch.subarray(k * size, (k + 1) * size);
}

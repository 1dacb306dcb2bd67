/**
 * Sampling: from N(0, I) to clean images in some network calls, with any sampler and any form of
 * prediction. What differs between samplers is in the neighbouring files; here is the walk.
 */
import { PaletteError } from "../../util/errors.ts";
import { Random, type SeedPart } from "../../util/random.ts";
import { type KnownPixels, pasteKnown } from "../known-pixels.ts";
import { estimateClean, type Prediction } from "../parameterization.ts";
import { ddim } from "./ddim.ts";
import { ddpm, type Variance } from "./ddpm.ts";
import { dpmSolver } from "./dpm-solver.ts";
import { type LevelOptions, samplingLevels } from "./levels.ts";
import type { Coefficients, Transition } from "./transition.ts";

export const samplers = ["ddpm", "ddim", "dpm++"] as const;
export type Sampler = (typeof samplers)[number];

/**
 * The network for one batch; the source image x is bound by whoever makes this function.
 * `noisy` is [N, C, H, W], to be read only and only until the promise settles; `gamma` is the level
 * of all N, `nextGamma` the one the step leads to (1 after the last). The output has the same shape, as the
 * network gives it.
 */
export type Denoise = (
  noisy: Float32Array,
  gamma: number,
  nextGamma: number,
) => Promise<{ output: Float32Array }>;

/** What is to be sampled. */
export interface SamplingProblem {
  /** [N, C, H, W] */
  readonly shape: readonly [number, number, number, number];
  /** What the output of `denoise` means. */
  readonly prediction: Prediction;
  readonly denoise: Denoise;
  /** For inpainting and uncropping: pixels that stand clean in y_t and exactly so in the result. */
  readonly known?: KnownPixels | undefined;
  /** y_T of each of the N samples, [C, H, W]; where there is none, N(0, I) from the sample's stream. */
  readonly starts?: readonly (Float32Array | undefined)[] | undefined;
}

/** How it is sampled; see `LevelOptions` for steps, spacing, schedule and the trained range. */
export interface SamplerOptions extends LevelOptions {
  readonly sampler: Sampler;
  /** One stream name a sample (see `sampleSeeds`): sample k is the same in any batch. */
  readonly seeds: readonly (readonly SeedPart[])[];
  /** ddim only: 0 (default) is deterministic, 1 draws as much noise as ddpm. */
  readonly eta?: number;
  /** ddpm only: "beta" (1 - alpha_t, the paper's; default) or "posterior" (beta-tilde). */
  readonly variance?: Variance;
  /** Clips each estimate of the clean image to [-1, 1]; default true. The paper does not say. */
  readonly clip?: boolean;
  /** Stops before the next network call by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What is known after a network call. */
export interface SamplingStep {
  /** 1 after the first call, `steps` after the last. */
  readonly step: number;
  /** Network calls in all. */
  readonly steps: number;
  /** The noise level of this call. */
  readonly gamma: number;
  /** The estimate of the clean images, [N, C, H, W], the caller's to keep. */
  readonly y0: Float32Array;
}

/** The stream names of samples `first` to `first + count - 1` under one seed. */
export function sampleSeeds(seed: SeedPart, count: number, first = 0): SeedPart[][] {
  return Array.from({ length: count }, (_, k) => [seed, "sample", first + k]);
}

/**
 * Draws clean images [N, C, H, W] (Algorithm 2 of the paper for "ddpm"). The network is called once
 * for each of `samplingLevels(options)`; the last step leads to gamma 1 and adds no noise. The result
 * is in [-1, 1] if clipped, and its known pixels are exactly the given ones.
 *
 * @param onStep called after each network call with the current estimate; awaited
 * @throws PaletteError on impossible options, on arrays of the wrong size and when the network
 * answers something that is not a number; the signal's reason when aborted.
 */
export async function sample(
  problem: SamplingProblem,
  options: SamplerOptions,
  onStep?: (info: SamplingStep) => void | Promise<void>,
): Promise<Float32Array> {
  const [count, channels, height, width] = problem.shape;
  const { known, prediction, starts } = problem;
  const { seeds, clip = true, signal } = options;
  const pixels = height * width;
  if (seeds.length !== count) {
    throw new PaletteError(`${count} samples need as many seeds, but ${seeds.length} were given.`);
  }
  const coefficientsAt = samplerOf(options);
  const levels = samplingLevels(options);
  const y = new Float32Array(count * channels * pixels);
  const noise = new Float32Array(channels * pixels);
  seeds.forEach((seed, k) => {
    const part = partOf(y, k, count);
    const start = starts?.[k];
    if (start === undefined) Random.from(...seed, "start").fillNormal(part);
    else part.set(start);
  });

  let previous: Float32Array | undefined;
  for (const [i, gamma] of levels.entries()) {
    signal?.throwIfAborted();
    if (known) pasteKnown(y, known, channels, pixels);
    const nextGamma = levels[i + 1] ?? 1;
    const { output } = await problem.denoise(y, gamma, nextGamma);
    const y0 = estimateClean(prediction, output, y, gamma);
    finish(y0, clip, gamma);
    if (known) pasteKnown(y0, known, channels, pixels);

    const factors = coefficientsAt({ gamma, nextGamma, previousGamma: levels[i - 1] });
    combine(y, y0, previous ?? y0, factors);
    if (factors.noise > 0) {
      seeds.forEach((seed, k) => {
        Random.from(...seed, "step", i).fillNormal(noise);
        addScaled(partOf(y, k, count), noise, factors.noise);
      });
    }
    previous = y0;
    await onStep?.({ step: i + 1, steps: levels.length, gamma, y0: y0.slice() });
  }
  return y;
}

/** The chosen sampler with its settings checked and bound. */
function samplerOf(options: SamplerOptions): (transition: Transition) => Coefficients {
  const { sampler, eta = 0, variance = "beta" } = options;
  switch (sampler) {
    case "ddpm":
      return (transition) => ddpm(transition, variance);
    case "ddim":
      if (!(eta >= 0 && eta <= 1)) {
        throw new PaletteError(`eta must be between 0 (no noise) and 1 (as ddpm), not ${eta}.`);
      }
      return (transition) => ddim(transition, eta);
    case "dpm++":
      return dpmSolver;
    default:
      throw new PaletteError(`There is no sampler "${sampler}": use ${samplers.join(", ")}.`);
  }
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

/** y = noisy * y + clean * y0 + previous * before, in place. */
function combine(
  y: Float32Array,
  y0: Float32Array,
  before: Float32Array,
  { noisy, clean, previous }: Coefficients,
): void {
  for (let i = 0; i < y.length; i++) {
    y[i] = noisy * y[i]! + clean * y0[i]! + previous * before[i]!;
  }
}

function addScaled(out: Float32Array, values: Float32Array, factor: number): void {
  for (let i = 0; i < out.length; i++) out[i]! += factor * values[i]!;
}

/** Sample k's part of a batch, as a view. */
function partOf(batch: Float32Array, k: number, count: number): Float32Array {
  const size = batch.length / count;
  return batch.subarray(k * size, (k + 1) * size);
}

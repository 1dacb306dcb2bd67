/**
 * The training objective (the paper's Algorithm 1): from an example (x, y) to what the network is
 * given, what it should predict, and how much each pixel's error counts. The gradient step itself
 * is `step/`; the error's power (L1, L2, rms) is part of its graph (`nn/loss.ts`).
 */
import type { Example } from "../data/examples.ts";
import { consistencyTarget, nearerSigma } from "../diffusion/consistency.ts";
import { pasteKnown } from "../diffusion/known-pixels.ts";
import { lossWeight, pixelWeights } from "../diffusion/loss-weighting.ts";
import { addNoise, target } from "../diffusion/parameterization.ts";
import {
  gammaOfSigma,
  type NoiseSchedule,
  sampleGamma,
  smallestGamma,
} from "../diffusion/schedule.ts";
import type { Objective } from "../models/settings/objective.ts";
import type { SamplingSettings } from "../models/settings/sampling.ts";
import { type NetworkConfig, noiseEmbeddingInput } from "../nn/network.ts";
import { ownStart } from "../pipeline/sampling-options.ts";
import { Random } from "../util/random.ts";
import type { TrainingBatch } from "./step/types.ts";

export interface ObjectiveOptions {
  readonly network: NetworkConfig;
  readonly objective: Objective;
  /** The training schedule. */
  readonly schedule: NoiseSchedule;
  /** How the model will be sampled: where its first calls start. */
  readonly sampling?: SamplingSettings;
  readonly seed: number;
}

/**
 * Where one image of a batch is written: views of [C, H, W], the weight of [1, H, W], of the others
 * one number. `nearer` is there in consistency tuning.
 */
export type TrainingImage = TrainingBatch;

/**
 * Writes one image of a batch: a function of the seed and the example's index alone.
 * @param share the image's share of its update's loss: 1 / images
 */
export function writeTrainingImage(
  example: Example,
  options: ObjectiveOptions,
  share: number,
  into: TrainingImage,
): void {
  const { index, y, task, condition } = example;
  const { x, mask } = condition;
  const { network, objective, schedule, seed } = options;
  const { prediction, loss, weighting, noiseLevels, regression } = objective;
  const { resolution, channels } = network;
  const { conditioningDropout = 0 } = objective;
  const dropped =
    task.colours === true &&
    conditioningDropout > 0 &&
    Random.from(seed, "conditioning dropout", index).uniform() < conditioningDropout;
  if (dropped) into.source.fill(0);
  else into.source.set(x.data);
  if (regression) {
    // The baseline: y_t is zero at gamma 0, and the target is y itself.
    into.noisy.fill(0);
    into.target.set(y.data);
    pixelWeights(mask, resolution, resolution, share, into.weight);
    into.conditioning[0] = noiseEmbeddingInput(network, 0);
    return;
  }
  const random = Random.from(seed, "noise", index);
  // gamma ~ p(gamma)
  const drawn = sampleGamma(noiseLevels, schedule, random);
  // epsilon ~ N(0, I)
  const epsilon = random.fillNormal(new Float32Array(y.data.length));
  const gamma = firstCall(example, options, epsilon) ?? drawn;
  // y_t = sqrt(gamma) y + sqrt(1 - gamma) epsilon, with the known pixels clean
  const noisyAt = (level: number, out: Float32Array) => {
    addNoise(y.data, epsilon, level, out);
    if (mask) pasteKnown(out, { data: y.data, mask: mask.data }, channels, resolution ** 2);
  };
  noisyAt(gamma, into.noisy);
  // The network's target: epsilon in the paper, or v or y.
  target(prediction, y.data, epsilon, gamma, into.target);
  if (into.nearer) writeNearer(into.nearer);
  // The weight of the noise level, over the pixels to be filled.
  const weight = lossWeight(prediction, gamma, weighting, loss === "l2" ? 2 : 1);
  pixelWeights(mask, resolution, resolution, weight * share, into.weight);
  into.conditioning[0] = noiseEmbeddingInput(network, gamma);

  /** The nearer level r of consistency tuning; the target is diffusion's where r is clean. */
  function writeNearer(nearer: NonNullable<TrainingImage["nearer"]>): void {
    const progress = index / (objective.consistencyImages ?? Number.POSITIVE_INFINITY);
    const sigma = nearerSigma(Math.sqrt((1 - gamma) / gamma), progress);
    const level = Math.min(gammaOfSigma(sigma), schedule.gammas[1]!);
    const counts = level < schedule.gammas[1]! && level > gamma;
    noisyAt(level, nearer.noisy);
    nearer.conditioning[0] = noiseEmbeddingInput(network, level);
    nearer.pull[0] = 0;
    if (!counts) return;
    const factors = consistencyTarget(prediction, gamma, level);
    for (let i = 0; i < epsilon.length; i++)
      into.target[i] = factors.y * y.data[i]! + factors.epsilon * epsilon[i]!;
    nearer.pull[0] = factors.pull;
  }
}

/**
 * The level of an example that is what a sampling's first call is given; undefined for the others.
 * Where the sampling starts at x, under a share of the noise of that level (none for the posterior
 * mean), what is wrong with x is noise as well: it is added to `epsilon`.
 */
function firstCall(
  { index, y, task, condition: { x, mask, drawn = {} } }: Example,
  { objective, schedule, seed, sampling }: ObjectiveOptions,
  epsilon: Float32Array,
): number | undefined {
  const often = objective.firstCall?.[task.name] ?? 0;
  if (often === 0) return undefined;
  const random = Random.from(seed, "first call", index);
  if (random.uniform() >= often) return undefined;
  const start = mask === undefined && sampling ? ownStart({ sampling }, task, drawn) : {};
  const { startSigma: sigma, startNoise = 1 } = start;
  if (sigma === undefined) return smallestGamma(schedule);
  const share = startNoise * random.uniform();
  for (let i = 0; i < epsilon.length; i++)
    epsilon[i] = (x.data[i]! - y.data[i]!) / sigma + share * epsilon[i]!;
  return gammaOfSigma(sigma);
}

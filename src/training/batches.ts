/**
 * From examples to what the training graph takes (the paper's Algorithm 1 up to the gradient step).
 * A batch is a function of the seed and of the number of its first image alone, so that a resumed
 * run goes on with exactly the batches it would have had.
 */
import type { Example, ExampleSource } from "../data/examples.ts";
import { pasteKnown } from "../diffusion/known-pixels.ts";
import { type NoiseLevelDistribution, sampleGamma } from "../diffusion/noise-level-distribution.ts";
import {
  lossWeight,
  noisy,
  type Prediction,
  target,
  type Weighting,
} from "../diffusion/parameterization.ts";
import { pixelWeights } from "../diffusion/pixel-weights.ts";
import type { NoiseSchedule } from "../diffusion/schedule.ts";
import { noiseEmbeddingInput, type UNetConfig } from "../nn/config.ts";
import type { Loss } from "../nn/loss.ts";
import { Random } from "../util/random.ts";
import type { TrainingBatch } from "./step/data-parallel.ts";

export interface BatchOptions {
  readonly network: UNetConfig;
  readonly loss: Loss;
  readonly prediction: Prediction;
  readonly weighting: Weighting;
  readonly levels: NoiseLevelDistribution;
  /** The baseline: y_t is all zeros, gamma 0, and the target y. */
  readonly regression: boolean;
  readonly schedule: NoiseSchedule;
  readonly seed: number;
  /** Images a batch. */
  readonly batch: number;
  /** Batches an update: their losses add up to the mean over all images of the update. */
  readonly accumulate: number;
}

/** A batch and of which task each image is. */
export interface LabelledBatch extends TrainingBatch {
  readonly tasks: readonly string[];
}

/** Examples that are made at once: enough for all cores, and no more than memory has room for. */
const together = 16;

export class BatchSource {
  private readonly examples: ExampleSource;
  private readonly options: BatchOptions;

  constructor(examples: ExampleSource, options: BatchOptions) {
    this.examples = examples;
    this.options = options;
  }

  /** The images `first` to `first + batch - 1`. */
  async batch(first: number): Promise<LabelledBatch> {
    const { batch, network } = this.options;
    const pixels = network.resolution ** 2;
    const values = network.channels * pixels;
    const into: TrainingBatch = {
      source: new Float32Array(batch * values),
      noisy: new Float32Array(batch * values),
      target: new Float32Array(batch * values),
      level: new Float32Array(batch),
      weight: new Float32Array(batch * pixels),
    };
    const tasks: string[] = [];
    for (let done = 0; done < batch; done += together) {
      const some = Math.min(together, batch - done);
      const examples = await Promise.all(
        Array.from({ length: some }, (_, k) => this.examples.example(first + done + k)),
      );
      for (const example of examples) {
        const k = tasks.push(example.task.name) - 1;
        into.level[k] = this.fill(example, {
          source: into.source.subarray(k * values, (k + 1) * values),
          noisy: into.noisy.subarray(k * values, (k + 1) * values),
          target: into.target.subarray(k * values, (k + 1) * values),
          weight: into.weight.subarray(k * pixels, (k + 1) * pixels),
        });
      }
    }
    return { ...into, tasks };
  }

  /** Writes one image of a batch and returns its noise level as the network takes it. */
  private fill(
    { index, y, condition: { x, mask } }: Example,
    into: Omit<TrainingBatch, "level">,
  ): number {
    const { network, loss, prediction, weighting, levels, regression, schedule, seed } =
      this.options;
    const { resolution, channels } = network;
    const share = 1 / (this.options.batch * this.options.accumulate);
    into.source.set(x.data);
    if (regression) {
      into.target.set(y.data);
      pixelWeights(mask, resolution, resolution, share, into.weight);
      return noiseEmbeddingInput(network, 0);
    }
    const random = Random.from(seed, "noise", index);
    const gamma = sampleGamma(levels, schedule, random);
    const epsilon = random.fillNormal(new Float32Array(y.data.length));
    noisy(y.data, epsilon, gamma, into.noisy);
    target(prediction, y.data, epsilon, gamma, into.target);
    if (mask) pasteKnown(into.noisy, { data: y.data, mask: mask.data }, channels, resolution ** 2);
    const factor = lossWeight(prediction, gamma, weighting, loss === "l2" ? 2 : 1) * share;
    pixelWeights(mask, resolution, resolution, factor, into.weight);
    return noiseEmbeddingInput(network, gamma);
  }
}

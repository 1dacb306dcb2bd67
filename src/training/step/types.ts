/** What a training step takes and gives, however it is carried out. */

import type { Precision } from "../../graph/index.ts";
import type { Loss } from "../../nn/loss.ts";
import type { NetworkConfig } from "../../nn/network.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import type { Device, EngineTensors } from "../../runtime/runtime.ts";
import type { Communicator } from "../ranks/communicator.ts";
import type { Partition } from "../ranks/partition.ts";
import type { Hyperparameters, TrainingState } from "./optimizer.ts";
import type { SpawnReplica } from "./replica.ts";

/** A batch of n images of C channels, H x W, flat in [N,C,H,W] order. */
export interface TrainingBatch {
  /** The condition x. */
  readonly source: Float32Array;
  /** The noisy image y_t, known pixels pasted in. */
  readonly noisy: Float32Array;
  /** What the network is to predict. */
  readonly target: Float32Array;
  /** `noiseEmbeddingInput` of each image, [N]. */
  readonly conditioning: Float32Array;
  /**
   * Weight of each pixel in the loss, [N,1,H,W]: see `pixelWeights`; the batch's loss is the sum.
   */
  readonly weight: Float32Array;
  /** In consistency tuning: the same images nearer to clean, and what of them counts. */
  readonly nearer?: NearerImages;
}

/** The target of image k is `target` + pull[k] F(noisy[k]), F the network, not differentiated. */
export interface NearerImages {
  /** y_r, [N,C,H,W], known pixels pasted in. */
  readonly noisy: Float32Array;
  /** `noiseEmbeddingInput` of each image, [N]. */
  readonly conditioning: Float32Array;
  /** [N]; 0 for an image whose target is `target` alone. */
  readonly pull: Float32Array;
}

export interface StepResult {
  /** The weighted losses of this rank's images, in the order of the batches. */
  readonly losses: Float32Array;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** False: the loss or the gradient was not finite, and nothing was changed. */
  readonly finite: boolean;
}

export interface TrainingStepper {
  /**
   * Not to be touched during a step. Its vectors may be other ones after it; where there is a
   * `fetch`, they are those of the last one, and not to be changed once a step was made.
   */
  readonly state: TrainingState;
  /**
   * One update from the sum of the batches' losses (more than one: gradient accumulation).
   * @param onRun called after each run of the engines with how many images of the update are
   * differentiated. What it throws, as what fails in `batches`, ends the step, and nothing is
   * changed.
   */
  step(
    batches: Iterable<TrainingBatch> | AsyncIterable<TrainingBatch>,
    hyper: Hyperparameters,
    onRun?: (images: number) => void,
  ): Promise<StepResult>;
  /**
   * Brings the state's vectors up to date, where the strategy keeps them elsewhere between steps.
   * @throws PaletteError when the device has failed.
   */
  readonly fetch?: () => Promise<void>;
  dispose(): Promise<void>;
}

export interface StepperOptions {
  readonly network: NetworkConfig;
  /** Images a batch. */
  readonly batch: number;
  readonly loss: Loss;
  /** Whether the batches have `nearer` images; default false. */
  readonly consistency?: boolean;
  readonly threads: number;
  /**
   * Whether the backward pass computes the maps inside the network's blocks once more instead of
   * keeping them (default false). The numbers are the same to rounding. In low memory always.
   */
  readonly recompute?: boolean;
  /** Its vectors come from the strategy's `vector`. */
  readonly state: TrainingState;
  readonly device?: Device;
  /** Of a GPU's graph; weights and optimizer are float32 (default "float32"). */
  readonly precision?: Precision;
  /**
   * Where several ranks share each update: `batch` is this rank's share, and of all vectors of the
   * state but the weights it has its own parts (`ranks/partition.ts`).
   */
  readonly ranks?: Ranks;
}

/** The other ranks, and which parts of the vectors are whose. */
export interface Ranks {
  readonly communicator: Communicator;
  readonly partition: Partition;
}

/** An engine's memory is a little more than what is in use, as blocks are rounded up. */
export const roundedUp = 1.3;

/** What decides about the memory of a step. */
export interface StepSize extends Omit<StepperOptions, "state" | "device" | "precision" | "ranks"> {
  /** Batches an update. */
  readonly accumulate: number;
  /** Averages of the weights that are kept. */
  readonly averages: number;
  /** Ranks that share averages and moments; 1 unless given. */
  readonly ranks?: number;
}

/** One way to carry out training steps. All give the same numbers, to rounding. */
export interface StepStrategy {
  readonly name: "data-parallel" | "low-memory" | "device-resident";
  /** A vector of zeros where the strategy's replicas can reach it. */
  vector(length: number): Float32Array;
  /** Batches that are made before they are asked for, besides the one at hand. */
  readonly batchesAhead: number;
  /**
   * Estimated bytes of weights, averages, moments, gradients and engines in this machine's memory.
   */
  memory(size: StepSize, specs: readonly ParameterSpec[]): number;
  /**
   * Compiles the training graph in each replica.
   * @throws TypeError for a state that is not made of the strategy's vectors; PaletteError when the
   * device does not take the graph.
   */
  createStepper(options: StepperOptions, spawn: SpawnReplica): Promise<TrainingStepper>;
}

/** The images from `start` to `end` as the inputs of a replica's graph, in buffers of their own. */
export function feedsFor(
  { channels, resolution }: NetworkConfig,
  batch: TrainingBatch,
  start: number,
  end: number,
): EngineTensors {
  const part = (data: Float32Array, ...shape: number[]) => {
    const each = shape.reduce((product, dimension) => product * dimension, 1);
    return { data: data.slice(start * each, end * each), shape: [end - start, ...shape] };
  };
  const image = [channels, resolution, resolution];
  return {
    source: part(batch.source, ...image),
    noisy: part(batch.noisy, ...image),
    target: part(batch.target, ...image),
    conditioning: part(batch.conditioning),
    weight: part(batch.weight, 1, resolution, resolution),
    ...(batch.nearer && {
      nearer: part(batch.nearer.noisy, ...image),
      nearerConditioning: part(batch.nearer.conditioning),
      pull: part(batch.nearer.pull),
    }),
  };
}

/** What moves with tensors to another thread. */
export function buffersOf(tensors: EngineTensors): ArrayBuffer[] {
  return Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer);
}

/** Whether a vector lies in memory that threads share. */
export function isShared({ buffer }: Float32Array): boolean {
  return typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
}

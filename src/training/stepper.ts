/**
 * The training step: loss, gradient, clipping, Adam and EMA over a batch, shared by one replica a
 * core (two engines of one thread each are faster than one of two: most ops are small). The result
 * depends on the number of threads only through the order of summation; the same number gives the
 * same bytes.
 */
import { WorkerClient } from "../engine/client.ts";
import type { Device, EngineTensors } from "../engine/session.ts";
import type { UNetConfig } from "../nn/config.ts";
import { initialParameters, type ParameterSpec, parameterCount } from "../nn/parameters.ts";
import { type Loss, trainingProgram } from "../nn/programs.ts";
import { parameterSpecs } from "../nn/unet.ts";
import { clipScale, type Hyperparameters, type TrainingState } from "./optimizer.ts";
import type { ReplicaReply, ReplicaRequest, ReplicaStart } from "./replica.ts";

export type { Hyperparameters, TrainingState } from "./optimizer.ts";

/** A batch of n images of C channels, H x W, flat in [N,C,H,W] order. */
export interface TrainingBatch {
  /** The condition x. */
  readonly source: Float32Array;
  /** The noisy image y_t, known pixels pasted in. */
  readonly noisy: Float32Array;
  /** What the network is to predict. */
  readonly target: Float32Array;
  /** `noiseLevel` of each image, [N]. */
  readonly level: Float32Array;
  /** Weight of each pixel in the loss, [N,1,H,W]: see `pixelWeights`; the batch's loss is the sum. */
  readonly weight: Float32Array;
}

export interface StepResult {
  /** The weighted losses of all images, in the order of the batches; their sum is the loss. */
  readonly losses: Float32Array;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** False: the loss or the gradient was not finite, and nothing was changed. */
  readonly finite: boolean;
}

export interface TrainingStepper {
  readonly state: TrainingState;
  /** One update from the sum of the batches' losses (more than one: gradient accumulation). */
  step(batches: readonly TrainingBatch[], hyper: Hyperparameters): Promise<StepResult>;
  dispose(): Promise<void>;
}

export interface StepperOptions {
  readonly config: UNetConfig;
  /** Images a batch. */
  readonly batch: number;
  readonly loss: Loss;
  readonly threads: number;
  readonly state: TrainingState;
  readonly device?: Device;
}

/** A vector that all threads see. */
export function sharedVector(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

/** Fresh weights and an optimizer that has seen nothing. */
export function initialState(specs: readonly ParameterSpec[], seed: number): TrainingState {
  const count = parameterCount(specs);
  const [parameters, ema] = [sharedVector(count), sharedVector(count)];
  parameters.set(initialParameters(specs, seed));
  ema.set(parameters);
  return { parameters, ema, m: sharedVector(count), v: sharedVector(count), step: 0 };
}

/** Compiles the training graph for each replica. */
export async function createTrainingStepper(options: StepperOptions): Promise<TrainingStepper> {
  const { config, batch, loss, state } = options;
  const { step: _step, ...vectors } = state;
  const specs = parameterSpecs(config);
  for (const vector of Object.values(vectors)) {
    if (vector.length !== parameterCount(specs) || !(vector.buffer instanceof SharedArrayBuffer))
      throw new TypeError(`the state must be sharedVectors of ${parameterCount(specs)} numbers`);
  }
  const shares = distribute(batch, Math.min(options.threads, batch));
  const threads = Math.max(1, Math.floor(options.threads / shares.length));
  const gradients = shares.map(() => sharedVector(state.parameters.length));
  const cuts = cumulative(distribute(state.parameters.length, shares.length));
  const models = new Map<number, Uint8Array>();
  const replicas = shares.map((share, rank) => {
    const model = models.get(share) ?? trainingProgram(config, specs, { batch: share, loss });
    models.set(share, model);
    const start: ReplicaStart = {
      model,
      options: { device: options.device, threads, blockedLayout: false },
      batch: share,
      state: vectors,
      gradients,
      rank,
      shard: [cuts[rank]!, cuts[rank + 1]!],
    };
    return new WorkerClient<ReplicaRequest, ReplicaReply>(
      new URL("./replica.ts", import.meta.url),
      start,
    );
  });
  const dispose = async () => {
    await Promise.all(replicas.map((replica) => replica.end()));
  };
  try {
    await Promise.all(replicas.map((replica) => replica.ready()));
  } catch (error) {
    await dispose();
    throw error;
  }
  const all = (request: (rank: number) => ReplicaRequest): Promise<ReplicaReply[]> =>
    Promise.all(replicas.map((replica, rank) => replica.call(request(rank))));
  const starts = cumulative(shares);

  return {
    state,
    async step(batches, hyper) {
      const losses = new Float32Array(batches.length * batch);
      for (const [k, images] of batches.entries()) {
        const parts = await all((rank) => ({
          do: "differentiate",
          feeds: feedsFor(config, images, starts[rank]!, starts[rank + 1]!),
          add: k > 0,
        }));
        parts.forEach((part, rank) => {
          losses.set(part as Float32Array, k * batch + starts[rank]!);
        });
      }
      const squares = (await all(() => ({ do: "reduce" }))) as number[];
      const gradientNorm = Math.sqrt(squares.reduce((sum, part) => sum + part, 0));
      const finite = Number.isFinite(gradientNorm) && losses.every(Number.isFinite);
      if (finite) {
        state.step += 1;
        const { learningRate, emaDecay, clip } = hyper;
        const scale = clipScale(gradientNorm, clip);
        await all(() => ({ do: "update", step: state.step, learningRate, emaDecay, scale }));
      }
      return { losses, gradientNorm, finite };
    },
    dispose,
  };
}

/** The images from `start` to `end` as the inputs of a replica's graph. */
function feedsFor(
  config: UNetConfig,
  batch: TrainingBatch,
  start: number,
  end: number,
): EngineTensors {
  const n = end - start;
  const { channels, resolution } = config;
  const part = (data: Float32Array, ...shape: number[]) => {
    const each = shape.reduce((product, dimension) => product * dimension, 1);
    return { data: data.slice(start * each, end * each), shape: [n, ...shape] };
  };
  const image = [channels, resolution, resolution];
  return {
    source: part(batch.source, ...image),
    noisy: part(batch.noisy, ...image),
    target: part(batch.target, ...image),
    level: part(batch.level),
    weight: part(batch.weight, 1, resolution, resolution),
  };
}

/** `total` things over `parts` places, as evenly as whole numbers allow. */
function distribute(total: number, parts: number): number[] {
  const floor = Math.floor(total / parts);
  return Array.from({ length: parts }, (_, i) => floor + (i < total % parts ? 1 : 0));
}

/** 0 and the partial sums. */
function cumulative(counts: readonly number[]): number[] {
  const sums = [0];
  for (const count of counts) sums.push(sums[sums.length - 1]! + count);
  return sums;
}

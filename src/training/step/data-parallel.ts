/**
 * The training step: loss, gradient, clipping, Adam and EMA over a batch, shared by one replica a
 * core (two engines of one thread each are faster than one of two: most ops are small). The result
 * depends on the number of threads only through the order of summation; the same number gives the
 * same bytes.
 */
import { size } from "../../graph/index.ts";
import { stack } from "../../image/stack.ts";
import type { UNetConfig } from "../../nn/config.ts";
import { trainingGraph, usesLowMemory } from "../../nn/graphs.ts";
import {
  initialParameter,
  initialParameters,
  type ParameterSpec,
  parameterCount,
} from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { WorkerClient } from "../../runtime/node/worker-client.ts";
import { pause } from "../../util/pause.ts";
import type { ReplicaReply, ReplicaRequest, ReplicaStart } from "./data-parallel-worker.ts";
import { createLargeStepper } from "./low-memory.ts";
import { clipScale, type TrainingState } from "./optimizer.ts";
import { buffersOf, feedsFor, type StepperOptions, type TrainingStepper } from "./types.ts";

export type { Hyperparameters, TrainingState } from "./optimizer.ts";
export type { StepResult, TrainingBatch, TrainingStepper } from "./types.ts";

/** A vector that all threads see. */
export function sharedVector(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

/**
 * Zeros for weights and optimizer: in shared memory, or, of a large network, in memory that can move to
 * another thread.
 */
export function emptyState(
  specs: readonly ParameterSpec[],
  large = usesLowMemory(specs),
): TrainingState {
  const count = parameterCount(specs);
  const vector = large ? () => new Float32Array(count) : () => sharedVector(count);
  return { parameters: vector(), ema: vector(), m: vector(), v: vector(), step: 0 };
}

/** The same with fresh weights, and an optimizer that has seen nothing. */
export function initialState(
  specs: readonly ParameterSpec[],
  seed: number,
  large = usesLowMemory(specs),
): TrainingState {
  const state = emptyState(specs, large);
  state.ema.set(initialParameters(specs, seed, state.parameters));
  return state;
}

/** Puts what `initialState` begins with into zeros. Large networks take a while, in which others have their turn. */
export async function initialize(
  state: TrainingState,
  { network, seed }: { readonly network: UNetConfig; readonly seed: number },
  {
    signal,
    onPart,
  }: {
    /** Aborting leaves the state half made. */
    readonly signal?: AbortSignal | undefined;
    readonly onPart?: (done: number, total: number) => void;
  } = {},
): Promise<void> {
  const { parameters, ema } = state;
  for (const spec of parameterSpecs(network)) {
    const { offset, shape } = spec;
    onPart?.(offset, parameters.length);
    initialParameter(spec, seed, parameters.subarray(offset, offset + size(shape)));
    await pause();
    if (signal?.aborted) return;
  }
  ema.set(parameters);
}

/** Compiles the training graph for each replica; large networks have one, see `large-stepper.ts`. */
export async function createTrainingStepper(options: StepperOptions): Promise<TrainingStepper> {
  const { large = usesLowMemory(parameterSpecs(options.config)) } = options;
  return large ? createLargeStepper(options) : createReplicatedStepper(options);
}

async function createReplicatedStepper(options: StepperOptions): Promise<TrainingStepper> {
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
    const model = models.get(share) ?? trainingGraph(config, specs, { batch: share, loss });
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
      new URL("./data-parallel-worker.ts", import.meta.url),
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
    async step(batches, hyper, onRun) {
      const found: Float32Array[] = [];
      for await (const images of batches) {
        const add = found.length > 0;
        const parts = await Promise.all(
          replicas.map((replica, rank) => {
            const feeds = feedsFor(config, images, starts[rank]!, starts[rank + 1]!);
            return replica.call({ do: "differentiate", feeds, add }, buffersOf(feeds));
          }),
        );
        found.push(stack(parts as Float32Array[]));
        onRun?.(found.length * batch);
      }
      const losses = stack(found);
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

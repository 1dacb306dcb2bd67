/**
 * The data-parallel training step: loss, gradient, clipping, Adam and EMA over a batch, shared by
 * one replica a core. (Two engines of one thread each are faster than one of two: most ops are
 * small.) Replicas share the vectors, or, in a page that may not share memory, get a copy of the
 * weights with each batch and hand back their gradients: the bytes are the same. The result depends
 * on the number of threads only through the order of summation; the same number gives the same
 * bytes.
 */
import { stack } from "../../image/stack.ts";
import { trainingGraphBytes } from "../../nn/graph-costs.ts";
import { lowMemorySession, type TrainingGraphOptions, trainingGraph } from "../../nn/graphs.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { type EngineTensors, loweringFor } from "../../runtime/runtime.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { cumulative, distribute, rangesOf } from "../../util/shares.ts";
import { type Partition, pieces } from "../ranks/partition.ts";
import { checkState, judge, Traffic } from "../ranks/step.ts";
import {
  type DataParallelReply,
  type DataParallelRequest,
  type DataParallelStart,
  type DifferentiateReply,
  type LentVectors,
  lentBuffers,
} from "./data-parallel-replica.ts";
import {
  type AdamOptions,
  adamStep,
  clipScale,
  sumGradients,
  type TrainingState,
} from "./optimizer.ts";
import type { Replica, SpawnReplica } from "./replica.ts";
import {
  buffersOf,
  feedsFor,
  isShared,
  type Ranks,
  roundedUp,
  type StepperOptions,
  type StepStrategy,
  type TrainingStepper,
} from "./types.ts";

export const dataParallel: StepStrategy = {
  name: "data-parallel",
  // All threads see it, except in a page that is not cross-origin isolated.
  vector: (length) =>
    sharesMemory() ? new Float32Array(new SharedArrayBuffer(4 * length)) : new Float32Array(length),
  batchesAhead: 2,
  /**
   * Weights, averages and moments once; for each replica its gradient, the engine's copies of it
   * and of the weights, and what is alive in its graph. Measured: docs/results/memory.md.
   */
  memory({ network, batch, threads, loss, consistency, recompute, ...step }, specs) {
    const { averages, ranks = 1 } = step;
    const replicas = Math.min(threads, batch);
    const share = Math.ceil(batch / replicas);
    const graph = graphOptions(share, { loss, consistency, recompute });
    const vectors = 4 * (1 + (2 + averages) / ranks + 3 * replicas) * parameterCount(specs);
    return vectors + replicas * roundedUp * trainingGraphBytes(network, specs, graph);
  },
  createStepper,
};

/** Weights and gradients lie in the vectors: a graph that cut them out would hold copies of both. */
function graphOptions(
  batch: number,
  {
    loss,
    consistency,
    recompute = false,
  }: Pick<StepperOptions, "loss" | "consistency" | "recompute">,
): TrainingGraphOptions {
  return { batch, loss, weights: "inputs", recompute, ...omitUndefined({ consistency }) };
}

async function createStepper(
  options: StepperOptions,
  spawn: SpawnReplica,
): Promise<TrainingStepper> {
  const { network, batch, loss, consistency, recompute, state, device, ranks } = options;
  const { step: _step, ...vectors } = state;
  const specs = parameterSpecs(network);
  const count = parameterCount(specs);
  const shares = isShared(vectors.parameters);
  const parts = checkState(
    options,
    "all shared or all unshared",
    (vector) => isShared(vector) === shares,
  );
  const portions = distribute(batch, Math.min(options.threads, batch));
  const threads = Math.max(1, Math.floor(options.threads / portions.length));
  const gradients = shares ? portions.map(() => dataParallel.vector(count)) : [];
  const lowering = loweringFor(device);
  const models = new Map<number, Uint8Array>();
  const replicas = portions.map((portion, thread) => {
    const model =
      models.get(portion) ??
      trainingGraph(network, specs, {
        ...graphOptions(portion, { loss, consistency, recompute }),
        lowering,
      });
    models.set(portion, model);
    const start: DataParallelStart = {
      model,
      options: { ...lowMemorySession, device, threads },
      batch: portion,
      specs,
      ...(shares && { shared: { state: vectors, gradients, thread } }),
    };
    return spawn<DataParallelRequest, DataParallelReply>("data-parallel", start);
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
  const starts = cumulative(portions);
  const work = shares
    ? sharedWork(replicas, { state, total: gradients[0]!, parts, ranks })
    : lentWork(replicas, state);

  return {
    state,
    async step(batches, hyper, onRun) {
      const found: Float32Array[] = [];
      for await (const images of batches) {
        const add = found.length > 0;
        const parts = await Promise.all(
          replicas.map((_, thread) => {
            const feeds = feedsFor(network, images, starts[thread]!, starts[thread + 1]!);
            return work.differentiate(thread, feeds, add);
          }),
        );
        found.push(stack(parts));
        onRun?.(found.length * batch);
      }
      const losses = stack(found);
      const { gradientNorm, finite } = await judge(await work.reduce(), losses, ranks);
      if (finite) {
        state.step += 1;
        const { clip, ...rates } = hyper;
        await work.update({ ...rates, step: state.step, scale: clipScale(gradientNorm, clip) });
      }
      return { losses, gradientNorm, finite };
    },
    dispose,
  };
}

type DataParallelReplica = Replica<DataParallelRequest, DataParallelReply>;

/** Who does what of a step. Sums are taken over the same shards in the same order. */
interface StepWork {
  /** Losses of a replica's images; its gradient is kept. */
  differentiate(thread: number, feeds: EngineTensors, add: boolean): Promise<Float32Array>;
  /** Adds up the gradients, of all ranks too: the sum of squares of what this rank updates. */
  reduce(): Promise<number>;
  update(options: AdamOptions): Promise<void>;
}

interface SharedState {
  readonly state: TrainingState;
  /** Where the replicas add up their gradients. */
  readonly total: Float32Array;
  readonly parts: Partition;
  readonly ranks: Ranks | undefined;
}

/**
 * The replicas do it all, where the vectors lie; one bucket travels while they work on the next.
 */
function sharedWork(
  replicas: readonly DataParallelReplica[],
  { state, total, parts: { buckets }, ranks }: SharedState,
): StepWork {
  const all = (request: (thread: number) => DataParallelRequest) =>
    Promise.all(replicas.map((replica, thread) => replica.call(request(thread))));
  /** What each thread sums, and what it updates, of each bucket. */
  const shards = buckets.map((bucket) => ({
    ...bucket,
    sums: pieces({ ...bucket, at: bucket.start }, replicas.length),
    updates: pieces(bucket.own, replicas.length),
  }));
  return {
    async differentiate(thread, feeds, add) {
      const request = { do: "differentiate", feeds, add } as const;
      const reply = await replicas[thread]!.call(request, buffersOf(feeds));
      return (reply as DifferentiateReply).losses;
    },
    async reduce() {
      const traffic = new Traffic();
      let squares = 0;
      for (const { start, end, counts, sums } of shards) {
        squares += sum((await all((thread) => ({ do: "reduce", ...sums[thread]! }))) as number[]);
        const bucket = total.subarray(start, end);
        if (ranks) traffic.add(() => ranks.communicator.reduceScatter(bucket, counts));
      }
      await traffic.done();
      if (ranks === undefined) return squares;
      const own = (thread: number) => shards.map(({ updates }) => updates[thread]!);
      return sum((await all((thread) => ({ do: "measure", pieces: own(thread) }))) as number[]);
    },
    async update(options) {
      const traffic = new Traffic();
      for (const { start, end, counts, updates } of shards) {
        await all((thread) => ({ do: "update", piece: updates[thread]!, ...options }));
        const bucket = state.parameters.subarray(start, end);
        if (ranks) traffic.add(() => ranks.communicator.allgatherParts(bucket, counts));
      }
      await traffic.done();
    },
  };
}

/** The replicas differentiate; this thread, which has the vectors, does the rest. */
function lentWork(
  replicas: readonly DataParallelReplica[],
  state: Omit<TrainingState, "step">,
): StepWork {
  const length = state.parameters.length;
  /** A replica's vectors while they are here; after a failure they are made anew. */
  const held: (LentVectors | undefined)[] = [];
  const shards = rangesOf(length, replicas.length);
  return {
    async differentiate(thread, feeds, add) {
      const made = () => ({
        parameters: new Float32Array(length),
        gradient: new Float32Array(length),
      });
      const lent = held[thread] ?? made();
      held[thread] = undefined;
      lent.parameters.set(state.parameters);
      const request = { do: "differentiate", feeds, add, lent } as const;
      const transfer = [...buffersOf(feeds), ...lentBuffers(lent)];
      const reply = (await replicas[thread]!.call(request, transfer)) as DifferentiateReply;
      held[thread] = reply.lent;
      return reply.losses;
    },
    async reduce() {
      const gradients = held.map((lent) => lent!.gradient);
      return sum(shards.map(([start, end]) => sumGradients(gradients, start, end)));
    },
    async update(options) {
      for (const [start, end] of shards) adamStep(state, held[0]!.gradient, options, start, end);
    },
  };
}

/** Whether threads may share memory: everywhere but in a page that is not isolated. */
function sharesMemory(): boolean {
  return typeof SharedArrayBuffer !== "undefined" && globalThis.crossOriginIsolated !== false;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

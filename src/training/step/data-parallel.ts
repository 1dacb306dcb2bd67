/**
 * The data-parallel training step: loss, gradient, clipping, Adam and EMA over a batch, shared by
 * one replica a core. (Two engines of one thread each are faster than one of two: most ops are
 * small.) Replicas share the vectors, or, in a page that may not share memory, get a copy of the
 * weights with each batch and hand back their gradients: the bytes are the same. The result depends on the number of threads only through the order of summation; the same
 * number gives the same bytes.
 */
import { Graph, size } from "../../graph/index.ts";
import { stack } from "../../image/stack.ts";
import { trainingGraph } from "../../nn/graphs.ts";
import { networkInputs } from "../../nn/network.ts";
import { FlatParameters, parameterCount } from "../../nn/parameters.ts";
import { buildNetwork, parameterSpecs } from "../../nn/registry.ts";
import { type EngineTensors, loweringFor } from "../../runtime/runtime.ts";
import {
  type DataParallelReply,
  type DataParallelRequest,
  type DataParallelStart,
  type DifferentiateReply,
  type LentVectors,
  lentBuffers,
} from "./data-parallel-replica.ts";
import { adamStep, clipScale, sumGradients, type TrainingState } from "./optimizer.ts";
import type { Replica, SpawnReplica } from "./replica.ts";
import {
  buffersOf,
  feedsFor,
  isShared,
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
   * Weights, average and moments once, gradients and copies for each replica, and every value of
   * the forward pass, which the backward pass needs again. Within a quarter of what was measured
   * for small-64 and tiny-32 at batches from 4 to 32.
   */
  memory({ network, batch, threads }, specs) {
    const parameters = parameterCount(specs);
    const values = (images: number): number => {
      const graph = new Graph();
      buildNetwork(
        network,
        new FlatParameters(graph, specs),
        networkInputs(graph, network, images),
      );
      // Reshaping copies nothing.
      const held = graph.nodes.filter(({ op }) => op !== "reshape");
      return held.reduce((sum, { shape }) => sum + size(shape), 0);
    };
    // What is made of the weights does not grow with the batch.
    const one = values(1);
    const each = values(2) - one;
    const perReplica = 5 * parameters + one - each;
    return 4 * (4 * parameters + Math.min(threads, batch) * perReplica + batch * each);
  },
  createStepper,
};

async function createStepper(
  options: StepperOptions,
  spawn: SpawnReplica,
): Promise<TrainingStepper> {
  const { network, batch, loss, consistency, state, device } = options;
  const { step: _step, ...vectors } = state;
  const specs = parameterSpecs(network);
  const count = parameterCount(specs);
  const shares = isShared(vectors.parameters);
  for (const vector of Object.values(vectors)) {
    if (vector.length !== count || isShared(vector) !== shares)
      throw new TypeError(`the state must be vectors of ${count} numbers, all shared or none`);
  }
  const portions = distribute(batch, Math.min(options.threads, batch));
  const threads = Math.max(1, Math.floor(options.threads / portions.length));
  const gradients = shares ? portions.map(() => dataParallel.vector(count)) : [];
  const cuts = cumulative(distribute(count, portions.length));
  const lowering = loweringFor(device);
  const models = new Map<number, Uint8Array>();
  const shardOf = (rank: number) => [cuts[rank]!, cuts[rank + 1]!] as const;
  const replicas = portions.map((portion, rank) => {
    const model =
      models.get(portion) ??
      trainingGraph(network, specs, { batch: portion, loss, consistency, lowering });
    models.set(portion, model);
    const start: DataParallelStart = {
      model,
      options: { device, threads, blockedLayout: false },
      batch: portion,
      count,
      ...(shares && { shared: { state: vectors, gradients, rank, shard: shardOf(rank) } }),
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
  const work = shares ? sharedWork(replicas) : lentWork(replicas, state, shardOf);

  return {
    state,
    async step(batches, hyper, onRun) {
      const found: Float32Array[] = [];
      for await (const images of batches) {
        const add = found.length > 0;
        const parts = await Promise.all(
          replicas.map((_, rank) => {
            const feeds = feedsFor(network, images, starts[rank]!, starts[rank + 1]!);
            return work.differentiate(rank, feeds, add);
          }),
        );
        found.push(stack(parts));
        onRun?.(found.length * batch);
      }
      const losses = stack(found);
      const squares = await work.reduce();
      const gradientNorm = Math.sqrt(squares.reduce((sum, part) => sum + part, 0));
      const finite = Number.isFinite(gradientNorm) && losses.every(Number.isFinite);
      if (finite) {
        state.step += 1;
        const { learningRate, emaDecay, clip } = hyper;
        const scale = clipScale(gradientNorm, clip);
        await work.update({ step: state.step, learningRate, emaDecay, scale });
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
  differentiate(rank: number, feeds: EngineTensors, add: boolean): Promise<Float32Array>;
  /** Adds up the gradients: the sum of squares of each shard. */
  reduce(): Promise<number[]>;
  update(options: Parameters<typeof adamStep>[2]): Promise<void>;
}

/** The replicas do it all, where the vectors lie. */
function sharedWork(replicas: readonly DataParallelReplica[]): StepWork {
  const all = (request: DataParallelRequest) =>
    Promise.all(replicas.map((replica) => replica.call(request)));
  return {
    async differentiate(rank, feeds, add) {
      const request = { do: "differentiate", feeds, add } as const;
      const reply = await replicas[rank]!.call(request, buffersOf(feeds));
      return (reply as DifferentiateReply).losses;
    },
    reduce: async () => (await all({ do: "reduce" })) as number[],
    async update(options) {
      await all({ do: "update", ...options });
    },
  };
}

/** The replicas differentiate; this thread, which has the vectors, does the rest. */
function lentWork(
  replicas: readonly DataParallelReplica[],
  state: Omit<TrainingState, "step">,
  shardOf: (rank: number) => readonly [number, number],
): StepWork {
  const length = state.parameters.length;
  /** A replica's vectors while they are here; after a failure they are made anew. */
  const held: (LentVectors | undefined)[] = [];
  const shards = replicas.map((_, rank) => shardOf(rank));
  return {
    async differentiate(rank, feeds, add) {
      const made = () => ({
        parameters: new Float32Array(length),
        gradient: new Float32Array(length),
      });
      const lent = held[rank] ?? made();
      held[rank] = undefined;
      lent.parameters.set(state.parameters);
      const request = { do: "differentiate", feeds, add, lent } as const;
      const transfer = [...buffersOf(feeds), ...lentBuffers(lent)];
      const reply = (await replicas[rank]!.call(request, transfer)) as DifferentiateReply;
      held[rank] = reply.lent;
      return reply.losses;
    },
    async reduce() {
      const gradients = held.map((lent) => lent!.gradient);
      return shards.map(([start, end]) => sumGradients(gradients, start, end));
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

/**
 * The data-parallel training step: loss, gradient, clipping, Adam and EMA over a batch, shared by
 * one replica a core. (Two engines of one thread each are faster than one of two: most ops are
 * small.) The result depends on the number of threads only through the order of summation; the same
 * number gives the same bytes.
 */
import { Graph, size } from "../../graph/index.ts";
import { stack } from "../../image/stack.ts";
import { trainingGraph } from "../../nn/graphs.ts";
import { networkInputs } from "../../nn/network.ts";
import { FlatParameters, parameterCount } from "../../nn/parameters.ts";
import { buildNetwork, parameterSpecs } from "../../nn/registry.ts";
import { loweringFor } from "../../runtime/runtime.ts";
import type {
  DataParallelReply,
  DataParallelRequest,
  DataParallelStart,
} from "./data-parallel-replica.ts";
import { clipScale } from "./optimizer.ts";
import type { SpawnReplica } from "./replica.ts";
import {
  buffersOf,
  feedsFor,
  type StepperOptions,
  type StepStrategy,
  type TrainingStepper,
} from "./types.ts";

export const dataParallel: StepStrategy = {
  name: "data-parallel",
  // All threads see it.
  vector: (length) => new Float32Array(new SharedArrayBuffer(4 * length)),
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
  for (const vector of Object.values(vectors)) {
    if (vector.length !== parameterCount(specs) || !(vector.buffer instanceof SharedArrayBuffer))
      throw new TypeError(`the state must be shared vectors of ${parameterCount(specs)} numbers`);
  }
  const shares = distribute(batch, Math.min(options.threads, batch));
  const threads = Math.max(1, Math.floor(options.threads / shares.length));
  const gradients = shares.map(() => dataParallel.vector(state.parameters.length));
  const cuts = cumulative(distribute(state.parameters.length, shares.length));
  const lowering = loweringFor(device);
  const models = new Map<number, Uint8Array>();
  const replicas = shares.map((share, rank) => {
    const model =
      models.get(share) ??
      trainingGraph(network, specs, { batch: share, loss, consistency, lowering });
    models.set(share, model);
    const start: DataParallelStart = {
      model,
      options: { device, threads, blockedLayout: false },
      batch: share,
      state: vectors,
      gradients,
      rank,
      shard: [cuts[rank]!, cuts[rank + 1]!],
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
  const all = (request: (rank: number) => DataParallelRequest): Promise<DataParallelReply[]> =>
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
            const feeds = feedsFor(network, images, starts[rank]!, starts[rank + 1]!);
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

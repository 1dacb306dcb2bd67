/**
 * The training step in little memory: what would not fit twice is there once. One engine on all
 * cores takes few images at a time, and the gradients of a batch are added up.
 */

import { stack } from "../../image/stack.ts";
import { isUNet, sideOf } from "../../nn/config.ts";
import { trainingGraphBytes } from "../../nn/graph-costs.ts";
import { lowMemorySession, trainingGraph } from "../../nn/graphs.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { checkState, judge } from "../ranks/step.ts";
import {
  type LowMemoryReply,
  type LowMemoryRequest,
  type LowMemoryStart,
  type LowMemoryUpdate,
  type SummedGradient,
  stateBuffers,
} from "./low-memory-replica.ts";
import { type Hyperparameters, sumOfSquares } from "./optimizer.ts";
import type { SpawnReplica } from "./replica.ts";
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

/** Positions of the widest maps that keep the cores busy: more images at once only cost memory. */
const positionsAtOnce = 65_536;

/** Images that are differentiated at once: a divisor of the batch. */
export function imagesAtOnce({
  network,
  batch,
}: Pick<StepperOptions, "network" | "batch">): number {
  const side = isUNet(network) ? sideOf(network, 0) : network.resolution;
  const most = Math.max(1, Math.floor(positionsAtOnce / side ** 2));
  let images = Math.min(batch, most);
  while (batch % images !== 0) images--;
  return images;
}

export const lowMemory: StepStrategy = {
  name: "low-memory",
  // Unshared memory can move to the replica and back.
  vector: (length) => new Float32Array(length),
  // An update takes far longer than its images, which are large.
  batchesAhead: 1,
  memory(step, specs) {
    const batch = imagesAtOnce(step);
    const { network, loss, consistency, averages, ranks = 1 } = step;
    // Weights, gradient, the engine's copy of it, and the sum over several runs; of averages and
    // moments this rank's parts.
    const vectors = (step.accumulate * step.batch > batch ? 4 : 3) + (2 + averages) / ranks;
    const graph = { batch, loss, weights: "inputs", ...omitUndefined({ consistency }) } as const;
    const maps = trainingGraphBytes(network, specs, graph);
    return 4 * vectors * parameterCount(specs) + roundedUp * maps;
  },
  createStepper,
};

async function createStepper(
  options: StepperOptions,
  spawn: SpawnReplica,
): Promise<TrainingStepper> {
  const { network, batch, loss, consistency, state, threads, device, ranks } = options;
  const specs = parameterSpecs(network);
  const { buckets } = checkState(options, "unshared", (vector) => !isShared(vector));
  const images = imagesAtOnce(options);
  const start: LowMemoryStart = {
    model: trainingGraph(network, specs, {
      batch: images,
      loss,
      consistency,
      weights: "inputs",
    }),
    options: { ...lowMemorySession, device, threads },
    specs,
    images,
  };
  const replica = spawn<LowMemoryRequest, LowMemoryReply>("low-memory", start);
  await replica.ready();
  const runs = Array.from({ length: batch / images }, (_, run) => run * images);

  /** Updates the state with the sum of the gradients of all ranks. */
  async function updateTogether(
    { communicator }: Ranks,
    losses: Float32Array,
    hyper: Hyperparameters,
  ): Promise<LowMemoryUpdate> {
    const { gradient } = (await replica.call({ do: "hand over" })) as SummedGradient;
    for (const { start, end, counts } of buckets)
      await communicator.reduceScatter(gradient.subarray(start, end), counts);
    const pieces = buckets.map(({ own }) => own);
    const squares = sumOfSquares(gradient, pieces);
    const { gradientNorm: norm, finite } = await judge(squares, losses, ranks);
    const update = (await replica.call(
      { do: "update", hyper, finite, summed: { gradient, norm, pieces } },
      [gradient.buffer as ArrayBuffer],
    )) as LowMemoryUpdate;
    if (!finite) return update;
    for (const { start, end, counts } of buckets)
      await communicator.allgatherParts(update.state.parameters.subarray(start, end), counts);
    return update;
  }

  return {
    state,
    async step(batches, hyper, onRun) {
      await replica.call({ do: "take", state }, stateBuffers(state));
      const found: Float32Array[] = [];
      try {
        for await (const one of batches) {
          for (const first of runs) {
            const feeds = feedsFor(network, one, first, first + images);
            const add = found.length > 0;
            const request = { do: "differentiate", feeds, add } as const;
            const losses = await replica.call(request, buffersOf(feeds));
            found.push(losses as Float32Array);
            onRun?.(found.length * images);
          }
        }
      } catch (thrown) {
        // A thread that has ended gives nothing back.
        const reply = await replica.call({ do: "give back" }).catch(() => undefined);
        if (reply !== undefined) Object.assign(state, (reply as LowMemoryUpdate).state);
        throw thrown;
      }
      const losses = stack(found);
      const finite = losses.every(Number.isFinite);
      const update = ranks
        ? await updateTogether(ranks, losses, hyper)
        : ((await replica.call({ do: "update", hyper, finite })) as LowMemoryUpdate);
      Object.assign(state, update.state);
      return { losses, gradientNorm: update.gradientNorm, finite: update.finite };
    },
    dispose: () => replica.end(),
  };
}

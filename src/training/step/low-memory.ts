/**
 * The training step of a large network (see `usesLowMemory`): what would not fit in memory twice is there
 * once. One engine on all cores takes few images at a time, and the gradients of a batch are added up.
 */

import { stack } from "../../image/stack.ts";
import { lowMemorySession, lowMemoryTrainingGraph } from "../../nn/graphs.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { WorkerClient } from "../../runtime/node/worker-client.ts";
import type {
  LargeReplicaReply,
  LargeReplicaRequest,
  LargeReplicaStart,
  LargeReplicaUpdate,
} from "./low-memory-worker.ts";
import { buffersOf, feedsFor, type StepperOptions, type TrainingStepper } from "./types.ts";

/** Positions of the widest maps that keep the cores busy: more images at once only cost memory. */
const positionsAtOnce = 65_536;

/** Images that are differentiated at once: a divisor of the batch. */
export function imagesAtOnce({
  config: { resolution, stem },
  batch,
}: Pick<StepperOptions, "config" | "batch">): number {
  const most = Math.max(1, Math.floor(positionsAtOnce / (resolution / stem) ** 2));
  let images = Math.min(batch, most);
  while (batch % images !== 0) images--;
  return images;
}

/** Compiles the training graph; the state's vectors must not be shared memory. */
export async function createLargeStepper(options: StepperOptions): Promise<TrainingStepper> {
  const { config, batch, loss, state, threads, device } = options;
  const specs = parameterSpecs(config);
  for (const vector of [state.parameters, state.ema, state.m, state.v]) {
    if (vector.length !== parameterCount(specs) || vector.buffer instanceof SharedArrayBuffer)
      throw new TypeError(`the state must be unshared vectors of ${parameterCount(specs)} numbers`);
  }
  const images = imagesAtOnce(options);
  const start: LargeReplicaStart = {
    model: lowMemoryTrainingGraph(config, specs, { batch: images, loss }),
    options: { ...lowMemorySession, device, threads },
    specs,
    images,
  };
  const replica = new WorkerClient<LargeReplicaRequest, LargeReplicaReply>(
    new URL("./low-memory-worker.ts", import.meta.url),
    start,
  );
  await replica.ready();
  const runs = Array.from({ length: batch / images }, (_, run) => run * images);

  return {
    state,
    async step(batches, hyper, onRun) {
      const moving = [state.parameters, state.ema, state.m, state.v];
      await replica.call(
        { do: "take", state },
        moving.map(({ buffer }) => buffer as ArrayBuffer),
      );
      const found: Float32Array[] = [];
      try {
        for await (const one of batches) {
          for (const first of runs) {
            const feeds = feedsFor(config, one, first, first + images);
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
        if (reply !== undefined) Object.assign(state, (reply as LargeReplicaUpdate).state);
        throw thrown;
      }
      const losses = stack(found);
      const finite = losses.every(Number.isFinite);
      const update = (await replica.call({ do: "update", hyper, finite })) as LargeReplicaUpdate;
      Object.assign(state, update.state);
      return { losses, gradientNorm: update.gradientNorm, finite: update.finite };
    },
    dispose: () => replica.end(),
  };
}

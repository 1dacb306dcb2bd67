/**
 * The training step on a GPU: weights, average, moments and gradient stay in the device's memory.
 * Up go the batch and a few numbers, down come the losses and the gradient's norm; the state comes
 * down when it is asked for. A step is one run of the gradient for each batch and one of the
 * optimizer, so that batches add up and an update can be given up between them.
 */
import { stack } from "../../image/stack.ts";
import { trainingGraph } from "../../nn/graphs.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { loweringFor } from "../../runtime/runtime.ts";
import { PaletteError, reasonOf, UsageError } from "../../util/errors.ts";
import type {
  DeviceResidentReply,
  DeviceResidentRequest,
  DeviceResidentStart,
  DeviceVectors,
} from "./device-resident-replica.ts";
import { vectorsIn } from "./optimizer.ts";
import type { SpawnReplica } from "./replica.ts";
import {
  buffersOf,
  feedsFor,
  type StepperOptions,
  type StepStrategy,
  type TrainingBatch,
  type TrainingStepper,
} from "./types.ts";
import { updateGraph, updateScalars } from "./update-graph.ts";

export const deviceResident: StepStrategy = {
  name: "device-resident",
  vector: (length) => new Float32Array(length),
  // A GPU takes less time for a batch than the processor for making it: several are made at once.
  batchesAhead: 4,
  // The state here, and a copy of it on its way to the device or back.
  memory: ({ averages }, specs) => 4 * 2 * (3 + averages) * parameterCount(specs),
  createStepper,
};

async function createStepper(
  options: StepperOptions,
  spawn: SpawnReplica,
): Promise<TrainingStepper> {
  const { network, batch, loss, consistency, recompute, state, device, threads, precision } =
    options;
  if (options.ranks)
    throw new UsageError("Several ranks train on processors: leave out --device, or mpirun.");
  const specs = parameterSpecs(network);
  const count = parameterCount(specs);
  const names = vectorsIn(state);
  for (const name of names) {
    if (state[name]!.length !== count)
      throw new TypeError(`the state must be vectors of ${count} numbers`);
  }
  const lowering = loweringFor(device);
  const start: DeviceResidentStart = {
    gradientModel: trainingGraph(network, specs, {
      batch,
      loss,
      consistency,
      recompute,
      lowering,
      accumulates: true,
      precision,
    }),
    updateModel: updateGraph(count, names),
    options: { device, threads },
    names,
    count,
  };
  const replica = spawn<DeviceResidentRequest, DeviceResidentReply>("device-resident", start);
  await replica.ready();
  /** ONNX Runtime accepts any graph and says only when it runs what the device cannot compute. */
  const refused = (thrown: unknown) =>
    precision !== "float16" || thrown instanceof PaletteError
      ? thrown
      : new PaletteError(
          `The device ${device} does not compute in float16 (${reasonOf(thrown)}): leave out --precision float16.`,
          { cause: thrown },
        );
  const scaling = precision === "float16" ? new LossScale() : undefined;
  /** The update whose state lies here; undefined before the first step. */
  let here: number | undefined;

  return {
    state,
    async step(batches, hyper, onRun) {
      if (here === undefined) {
        const vectors: DeviceVectors = Object.fromEntries(
          names.map((name) => [name, state[name]!]),
        );
        await replica.call({ do: "take", vectors });
        here = state.step;
      }
      const taken: TrainingBatch[] = [];
      const found: Float32Array[] = [];
      const differentiate = async (images: TrainingBatch, add: boolean) => {
        const feeds = feedsFor(network, images, 0, batch);
        if (scaling) feeds.scale = { data: Float32Array.of(scaling.value), shape: [1] };
        const request = { do: "differentiate", feeds, add } as const;
        const losses = replica.call(request, buffersOf(feeds)).catch((thrown) => {
          throw refused(thrown);
        });
        return (await losses) as Float32Array;
      };
      for await (const images of batches) {
        found.push(await differentiate(images, found.length > 0));
        if (scaling) taken.push(images);
        onRun?.(found.length * batch);
      }
      const losses = stack(found);
      const finite = losses.every(Number.isFinite);
      const scalars = updateScalars(state.step + 1, hyper);
      const update = async () => (await replica.call({ do: "update", scalars, finite })) as number;
      let gradientNorm = await update();
      // A gradient that does not fit float16 says nothing yet.
      while (finite && !Number.isFinite(gradientNorm) && scaling?.fall()) {
        for (const [k, images] of taken.entries()) await differentiate(images, k > 0);
        gradientNorm = await update();
      }
      if (!finite || !Number.isFinite(gradientNorm)) return { losses, gradientNorm, finite: false };
      scaling?.rise();
      state.step += 1;
      return { losses, gradientNorm, finite };
    },
    async fetch() {
      if (here === undefined || here === state.step) return;
      const vectors = (await replica.call({ do: "give" })) as DeviceVectors;
      for (const name of names) state[name]!.set(vectors[name]!);
      here = state.step;
    },
    dispose: () => replica.end(),
  };
}

/**
 * By how much float16 gradients are enlarged on their way (Micikevicius et al. 2018, section 3.2):
 * as much as fits. It is no part of a checkpoint: a run that goes on finds it again.
 */
class LossScale {
  value = 2 ** 16;
  private steps = 0;

  /** After an overflow; false: there is nothing left to take. */
  fall(): boolean {
    this.steps = 0;
    if (this.value <= 1) return false;
    this.value /= 4;
    return true;
  }

  /** After a step that fitted. */
  rise(): void {
    if (++this.steps % 1000 === 0 && this.value < 2 ** 24) this.value *= 2;
  }
}

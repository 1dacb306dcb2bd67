import { beforeAll, describe, expect, it } from "vitest";
import { largest, largestDifference, numbers } from "../../../test/support/differentiation.ts";
import { smallestUNet } from "../../../test/support/smallest-unet.ts";
import { trainingBatch } from "../../../test/support/training-batch.ts";
import { inferenceGraph } from "../../nn/graphs.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { spawnReplica } from "../../runtime/node/replica.ts";
import { openSession } from "../../runtime/node/session.ts";
import { dataParallel } from "./data-parallel.ts";
import { lowMemory } from "./low-memory.ts";
import { emptyState, initialize } from "./strategy.ts";
import type { StepStrategy, TrainingBatch, TrainingStepper } from "./types.ts";

const network = smallestUNet;
const specs = parameterSpecs(network);
const count = parameterCount(specs);
const hyper = { learningRate: 1e-3, emaDecay: 0.9, clip: Number.POSITIVE_INFINITY };
const batch = trainingBatch(2, 8, "consistency");
const values = 3 * 8 * 8;
const nearer = {
  noisy: numbers([2, 3, 8, 8], [-1, 1], "nearer"),
  conditioning: Float32Array.of(300, 500),
  pull: Float32Array.of(0.7, 0),
};

async function stateOf(strategy: StepStrategy) {
  const state = emptyState(network, strategy);
  await initialize(state, { network, seed: 1 });
  const noise = numbers([count], [-0.2, 0.2], "state");
  for (let i = 0; i < count; i++) state.parameters[i]! += noise[i]!;
  return state;
}

/** Adam's first moment after the first step is a tenth of the gradient. */
async function step(
  strategy: StepStrategy,
  consistency: boolean,
  given: TrainingBatch,
): Promise<{ losses: Float32Array; gradient: Float32Array }> {
  const state = await stateOf(strategy);
  const stepper: TrainingStepper = await strategy.createStepper(
    { network, batch: 2, loss: "l2", consistency, threads: 1, state },
    spawnReplica,
  );
  try {
    const { losses } = await stepper.step([given], hyper);
    return { losses, gradient: stepper.state.m.map((value) => 10 * value) };
  } finally {
    await stepper.dispose();
  }
}

describe("a step of consistency tuning", () => {
  let pulled: TrainingBatch;
  beforeAll(async () => {
    // The same target, with the network called beforehand.
    const { parameters } = await stateOf(dataParallel);
    const session = await openSession(inferenceGraph(network, specs, parameters, 2).model);
    const image = [2, 3, 8, 8];
    const { output } = await session.run({
      source: { data: batch.source, shape: image },
      noisy: { data: nearer.noisy, shape: image },
      conditioning: { data: nearer.conditioning, shape: [2] },
    });
    await session.release();
    const target = batch.target.map(
      (value, i) => value + nearer.pull[Math.floor(i / values)]! * output!.data[i]!,
    );
    pulled = { ...batch, target };
  });

  it.each([dataParallel, lowMemory])(
    "is that towards the network's own answer at the nearer level, not differentiated ($name)",
    async (strategy) => {
      const [tuned, plain] = [
        await step(strategy, true, { ...batch, nearer }),
        await step(strategy, false, pulled),
      ];
      expect(largestDifference(tuned.losses, plain.losses)).toBeLessThan(1e-5);
      expect(largestDifference(tuned.gradient, plain.gradient)).toBeLessThan(
        1e-5 * largest(plain.gradient),
      );
    },
  );

  it("differs from diffusion's where something is pulled, and only there", async () => {
    const [tuned, plain] = [
      await step(dataParallel, true, { ...batch, nearer }),
      await step(dataParallel, false, batch),
    ];
    expect(Math.abs(tuned.losses[0]! - plain.losses[0]!)).toBeGreaterThan(1e-3);
    expect(Math.abs(tuned.losses[1]! - plain.losses[1]!)).toBeLessThan(1e-5);
  });
});

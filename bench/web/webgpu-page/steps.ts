/** A few training steps of tiny-32 with fresh weights. */
import { presetNamed } from "../../../src/models/presets.ts";
import type { WebDevice } from "../../../src/runtime/web/choose-device.ts";
import { spawnReplica } from "../../../src/runtime/web/replica.ts";
import { emptyState, initialize, stepStrategy } from "../../../src/training/step/strategy.ts";
import type { TrainingBatch } from "../../../src/training/step/types.ts";
import { Random } from "../../../src/util/random.ts";

export interface DeviceSteps {
  /** Of the two images of each step. */
  readonly losses: number[];
  readonly gradientNorms: number[];
  /** Adam's first moment after the first step: a tenth of the gradient. */
  readonly moment: number[];
  /** Of the steps after the first, which compiles. */
  readonly secondsAStep: number;
}

export async function trainingSteps(device: WebDevice, count: number): Promise<DeviceSteps> {
  const { network } = presetNamed("tiny-32");
  const strategy = stepStrategy(network, device);
  const state = emptyState(network, strategy);
  await initialize(state, { network, seed: 1 });
  const [batch, loss, threads] = [2, "l1", 1] as const;
  const stepper = await strategy.createStepper(
    { network, batch, loss, threads, state, device },
    spawnReplica,
  );
  const hyper = { learningRate: 1e-4, emaDecay: 0.99, clip: 10 };
  const losses: number[] = [];
  const gradientNorms: number[] = [];
  let moment: number[] = [];
  let start = performance.now();
  try {
    for (let k = 0; k < count; k++) {
      const batches = [batchOf(batch, network.resolution, k)];
      const result = await stepper.step(batches, hyper);
      losses.push(...result.losses);
      gradientNorms.push(result.gradientNorm);
      if (k === 0) {
        await stepper.fetch?.();
        moment = Array.from(stepper.state.m);
        start = performance.now();
      }
    }
  } finally {
    await stepper.dispose();
  }
  const secondsAStep = (performance.now() - start) / 1000 / Math.max(1, count - 1);
  return { losses, gradientNorms, moment, secondsAStep };
}

/** Made-up images, the same for the same step. */
function batchOf(images: number, side: number, step: number): TrainingBatch {
  const numbers = (count: number, least: number, most: number, name: string) => {
    const random = Random.from("training steps", step, name);
    return new Float32Array(count).map(() => random.between(least, most));
  };
  const values = images * 3 * side ** 2;
  return {
    source: numbers(values, -1, 1, "source"),
    noisy: numbers(values, -1, 1, "noisy"),
    target: numbers(values, -1, 1, "target"),
    conditioning: numbers(images, 0, 5, "level"),
    weight: numbers(images * side ** 2, 0, 0.001, "weight"),
  };
}

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { largest, largestDifference, numbers } from "../../../test/support/differentiation.ts";
import { smallestUNet } from "../../../test/support/smallest-unet.ts";
import { trainingBatch } from "../../../test/support/training-batch.ts";
import type { Precision } from "../../graph/index.ts";
import { uNetConfig } from "../../nn/config.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { spawnReplica } from "../../runtime/node/replica.ts";
import { PaletteError } from "../../util/errors.ts";
import { dataParallel } from "./data-parallel.ts";
import { deviceResident } from "./device-resident.ts";
import { vectorsIn } from "./optimizer.ts";
import { emptyState, initialize, stepStrategy } from "./strategy.ts";
import type { StepStrategy, TrainingStepper } from "./types.ts";

const network = uNetConfig.parse({
  resolution: 8,
  base: 4,
  multipliers: [1, 2],
  blocks: 1,
  attention: [8],
  headChannels: 4,
  groups: 2,
});
const rates = { learningRate: 1e-3, emaDecay: 0.9, shortDecay: 0, longDecay: 0.6 };
const count = parameterCount(parameterSpecs(network));
const batch = 2;
const batchOf = (name: string) => trainingBatch(batch, 8, name);

// On the processor the program is the same as on a GPU; test/runtime compares the two.
describe("steps whose state stays on the device", () => {
  let resident: TrainingStepper;
  let usual: TrainingStepper;

  const stepperOf = async (strategy: StepStrategy, precision?: Precision) => {
    const state = emptyState(network, strategy, undefined, { postHocEma: true });
    await initialize(state, { network, seed: 1 });
    const noise = numbers([count], [-0.2, 0.2], "state");
    for (let i = 0; i < count; i++) state.parameters[i]! += noise[i]!;
    state.ema.set(state.parameters);
    const options = { network, batch, loss: "l2", threads: 1, state, precision } as const;
    return strategy.createStepper(options, spawnReplica);
  };

  beforeAll(async () => {
    [resident, usual] = await Promise.all([stepperOf(deviceResident), stepperOf(dataParallel)]);
  });
  afterAll(() => Promise.all([resident.dispose(), usual.dispose()]));

  it("are those of the processor to rounding: clipped, not clipped, and accumulated", async () => {
    const steps = [
      { names: ["a"], clip: 1e-3 },
      { names: ["b"], clip: Number.POSITIVE_INFINITY },
      { names: ["c", "d"], clip: 1 },
    ];
    for (const { names, clip } of steps) {
      const seen: number[] = [];
      const images = names.map(batchOf);
      const found = await resident.step(images, { ...rates, clip }, (n) => seen.push(n));
      const expected = await usual.step(images, { ...rates, clip });
      expect(seen).toEqual(names.map((_, k) => (k + 1) * batch));
      expect(found.finite).toBe(true);
      expect(largestDifference(found.losses, expected.losses)).toBeLessThan(1e-5);
      expect(found.gradientNorm / expected.gradientNorm).toBeCloseTo(1, 5);
    }
    await resident.fetch?.();
    expect(resident.state.step).toBe(3);
    expect(vectorsIn(resident.state)).toHaveLength(6);
    expect(resident.state.emaShort).toEqual(resident.state.parameters);
    for (const name of vectorsIn(usual.state)) {
      const [found, expected] = [resident.state[name]!, usual.state[name]!];
      const tolerance = name === "m" || name === "v" ? 1e-5 * largest(expected) : 2e-4;
      expect(largestDifference(found, expected)).toBeLessThan(tolerance);
    }
  });

  it("change nothing when they are given up, fail, or are not finite", async () => {
    await resident.fetch?.();
    const before = structuredClone(resident.state);
    const hyper = { ...rates, clip: 1 };
    const enough = () => {
      throw new Error("enough");
    };
    await expect(resident.step([batchOf("a")], hyper, enough)).rejects.toThrow("enough");
    const bad = batchOf("a");
    bad.source[3] = Number.NaN;
    const lost = await resident.step([bad], hyper);
    expect(lost.finite).toBe(false);
    // What was given up and what was not finite is not in the next gradient.
    const [found, expected] = [
      await resident.step([batchOf("a")], hyper),
      await usual.step([batchOf("a")], hyper),
    ];
    expect(found.gradientNorm / expected.gradientNorm).toBeCloseTo(1, 4);
    expect(before.step).toBe(3);
    expect(resident.state.step).toBe(4);
  });

  it("begin where the state of a checkpoint stands", async () => {
    await resident.fetch?.();
    const again = await stepperOf(deviceResident);
    for (const name of vectorsIn(again.state)) again.state[name]!.set(resident.state[name]!);
    again.state.step = resident.state.step;
    const hyper = { ...rates, clip: 1 };
    for (const stepper of [again, resident]) {
      await stepper.step([batchOf("e")], hyper);
      await stepper.fetch?.();
    }
    expect(again.state).toEqual(resident.state);
    await again.dispose();
  });

  it("in float16 have the gradient of float32 to its three digits, however large the loss", async () => {
    // The processor computes in float32 and rounds: what a GPU does, but for its sums.
    const half = await stepperOf(deviceResident, "float16");
    const whole = await stepperOf(deviceResident);
    const hyper = { ...rates, clip: Number.POSITIVE_INFINITY };
    const images = batchOf("a");
    // Far too much for the first scale: it falls until the gradient fits.
    const heavy = { ...images, weight: images.weight.map((weight) => 1e4 * weight) };
    for (const batch of [images, heavy]) {
      const [found, expected] = [await half.step([batch], hyper), await whole.step([batch], hyper)];
      expect(found.finite).toBe(true);
      expect(found.gradientNorm / expected.gradientNorm).toBeCloseTo(1, 1);
      expect(found.gradientNorm).not.toBe(expected.gradientNorm);
    }
    await Promise.all([half.fetch?.(), whole.fetch?.()]);
    const [found, expected] = [half.state.m, whole.state.m];
    expect(largestDifference(found, expected)).toBeLessThan(2e-2 * largest(expected));
    await Promise.all([half.dispose(), whole.dispose()]);
  });

  it("in float16 on a device that cannot are refused in one line", async () => {
    const network = smallestUNet;
    const stepper = await deviceResident.createStepper(
      {
        ...{ network, batch: 1, loss: "l2", threads: 1, precision: "float16", device: "webgpu" },
        state: emptyState(network),
      },
      () => ({
        ready: async () => {},
        call: async (request) => {
          const { do: what } = request as { readonly do: string };
          if (what === "differentiate") throw new Error("f16 is not there.\n at line 3");
          return undefined as never;
        },
        end: async () => {},
      }),
    );
    const hyper = { learningRate: 1e-3, emaDecay: 0.9, clip: 1 };
    await expect(stepper.step([trainingBatch(1, 8, "a")], hyper)).rejects.toEqual(
      new PaletteError(
        "The device webgpu does not compute in float16 (f16 is not there): leave out --precision float16.",
      ),
    );
  });

  it("are for every device but the processor", () => {
    expect(stepStrategy(network, "webgpu")).toBe(deviceResident);
    expect(stepStrategy(network, "cuda")).toBe(deviceResident);
  });
});

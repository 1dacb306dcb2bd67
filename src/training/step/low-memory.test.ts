import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { largest, largestDifference, numbers } from "../../../test/support/differentiation.ts";
import { localRanks } from "../../../test/support/ranks.ts";
import { part, trainingBatch } from "../../../test/support/training-batch.ts";
import { type UNetConfig, uNetConfig } from "../../nn/config.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { spawnReplica } from "../../runtime/node/replica.ts";
import { pack, partition } from "../ranks/partition.ts";
import { dataParallel } from "./data-parallel.ts";
import { imagesAtOnce, lowMemory } from "./low-memory.ts";
import { type TrainingState, vectorsIn } from "./optimizer.ts";
import { emptyState, initialize } from "./strategy.ts";
import type { StepStrategy, TrainingStepper } from "./types.ts";

const network = uNetConfig.parse({
  resolution: 16,
  base: 4,
  multipliers: [1, 2],
  blocks: 1,
  attention: [8],
  headChannels: 4,
  groups: 2,
});
const specs = parameterSpecs(network);
const count = parameterCount(specs);
const hyper = { learningRate: 1e-3, emaDecay: 0.9, shortDecay: 0, longDecay: 0.6, clip: 1 };

const batchOf = (images: number, name: string) => trainingBatch(images, 16, name);

async function stateOf(strategy: StepStrategy, of: UNetConfig = network): Promise<TrainingState> {
  const state = emptyState(of, strategy, undefined, { postHocEma: true });
  await initialize(state, { network: of, seed: 1 });
  const { length } = state.parameters;
  const noise = numbers([length], [-0.2, 0.2], "state");
  for (let i = 0; i < length; i++) state.parameters[i]! += noise[i]!;
  state.ema.set(state.parameters);
  return state;
}

describe("a large network's steps", () => {
  let large: TrainingStepper;
  let usual: TrainingStepper;
  const batch = 3;
  const options = { network, batch, loss: "l2", threads: 2 } as const;

  const stepperOf = async (strategy: StepStrategy) =>
    strategy.createStepper({ ...options, state: await stateOf(strategy) }, spawnReplica);

  beforeAll(async () => {
    [large, usual] = await Promise.all([stepperOf(lowMemory), stepperOf(dataParallel)]);
  });
  afterAll(() => Promise.all([large.dispose(), usual.dispose()]));

  it("are those of a small one to rounding, batch for batch and accumulated", async () => {
    for (const batches of [["a"], ["b"], ["c", "d"]]) {
      const images = batches.map((name) => batchOf(batch, name));
      const [a, b] = [await large.step(images, hyper), await usual.step(images, hyper)];
      expect(a.finite).toBe(true);
      expect(largestDifference(a.losses, b.losses)).toBeLessThan(1e-5 * largest(b.losses));
      expect(a.gradientNorm / b.gradientNorm).toBeCloseTo(1, 5);
    }
    expect(large.state.step).toBe(3);
    expect(vectorsIn(large.state)).toHaveLength(6);
    for (const name of vectorsIn(usual.state)) {
      const [found, expected] = [large.state[name]!, usual.state[name]!];
      // Adam divides by the root of v, so that rounding shows where a gradient is nearly zero.
      const tolerance = name === "m" || name === "v" ? 1e-5 * largest(expected) : 2e-4;
      expect(largestDifference(found, expected)).toBeLessThan(tolerance);
    }
  });

  it("give the same bytes twice", async () => {
    const run = async () => {
      const stepper = await stepperOf(lowMemory);
      const results = [];
      for (const name of ["a", "b"])
        results.push(await stepper.step([batchOf(batch, name)], hyper));
      await stepper.dispose();
      return { results, state: stepper.state };
    };
    expect(await run()).toEqual(await run());
  });

  it("that are ended between two runs, or for want of a batch, change nothing", async () => {
    const batches = ["c", "d"].map((name) => batchOf(batch, name));
    const seen: number[] = [];
    const enough = (images: number) => {
      seen.push(images);
      if (images < 2 * batch) throw new Error("enough");
    };
    async function* lacking() {
      yield batches[0]!;
      throw new Error("lacking");
    }
    for (const stepper of [large, usual]) {
      const before = structuredClone(stepper.state);
      await expect(stepper.step(batches, hyper, enough)).rejects.toThrow("enough");
      await expect(stepper.step(lacking(), hyper)).rejects.toThrow("lacking");
      expect(stepper.state).toEqual(before);
    }
    expect(seen).toEqual([batch, batch]);
    const [a, b] = [await large.step(batches, hyper), await usual.step(batches, hyper)];
    expect(a.gradientNorm / b.gradientNorm).toBeCloseTo(1, 5);
  });

  it("of two ranks are those of one, each with its part of the average and the moments", async () => {
    const small = { ...network, resolution: 8, multipliers: [1], attention: [] };
    const count = parameterCount(parameterSpecs(small));
    const images = trainingBatch(4, 8, "ranks");
    const steps = localRanks(2).map(async (communicator, rank) => {
      const parts = partition(count, communicator, 1000);
      const { parameters, ema } = await stateOf(lowMemory, small);
      const state = { ...emptyState(small, lowMemory, parts), parameters };
      pack(parts, state.ema, 0, ema);
      const stepper = await lowMemory.createStepper(
        { ...options, network: small, batch: 2, state, ranks: { communicator, partition: parts } },
        spawnReplica,
      );
      const result = await stepper.step([part(images, 2 * rank, 2 * rank + 2)], hyper);
      await stepper.dispose();
      return { result, parts, state: stepper.state };
    });
    const one = await lowMemory.createStepper(
      { ...options, network: small, batch: 4, state: await stateOf(lowMemory, small) },
      spawnReplica,
    );
    const { gradientNorm } = await one.step([images], hyper);
    await one.dispose();
    for (const { result, parts, state } of await Promise.all(steps)) {
      expect(result.gradientNorm / gradientNorm).toBeCloseTo(1, 5);
      expect(largestDifference(state.parameters, one.state.parameters)).toBeLessThan(2e-4);
      const own = new Float32Array(parts.owned);
      pack(parts, own, 0, one.state.m);
      expect(largestDifference(state.m, own)).toBeLessThan(1e-5 * largest(own));
    }
  });

  it("change nothing when the loss is not finite, and go on", async () => {
    const before = structuredClone(large.state);
    const broken = batchOf(batch, "a");
    broken.target[5] = Number.POSITIVE_INFINITY;
    expect((await large.step([broken], hyper)).finite).toBe(false);
    expect(large.state).toEqual(before);
    expect((await large.step([batchOf(batch, "a")], hyper)).finite).toBe(true);
    expect(large.state.step).toBe(before.step + 1);
  });

  it("refuse vectors that cannot move, or of another length", async () => {
    const create = (state: TrainingState) =>
      lowMemory.createStepper({ ...options, state }, spawnReplica);
    await expect(create(await stateOf(dataParallel))).rejects.toThrow("unshared");
    const short = { ...(await stateOf(lowMemory)), m: new Float32Array(3) };
    await expect(create(short)).rejects.toThrow(`${count}`);
  });
});

describe("images at once", () => {
  it("fill the cores with 65,536 positions and divide the batch", () => {
    const at = (resolution: number, batch: number, stem: 1 | 2 = 1) =>
      imagesAtOnce({ network: { ...network, ...{ resolution, stem } }, batch });
    expect(at(256, 1)).toBe(1);
    expect(at(256, 8)).toBe(1);
    expect(at(256, 8, 2)).toBe(4);
    expect(at(128, 7)).toBe(1);
    expect(at(64, 12)).toBe(12);
    expect(at(64, 32)).toBe(16);
  });
});

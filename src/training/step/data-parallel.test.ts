import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { largest, largestDifference, numbers } from "../../../test/support/differentiation.ts";
import { smallestUNet } from "../../../test/support/smallest-unet.ts";
import { part, trainingBatch } from "../../../test/support/training-batch.ts";
import { presetNamed } from "../../models/presets.ts";
import { trainingGraph } from "../../nn/graphs.ts";
import { initialParameters, parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { spawnReplica } from "../../runtime/node/replica.ts";
import { openSession } from "../../runtime/node/session.ts";
import type { Device } from "../../runtime/runtime.ts";
import { PaletteError } from "../../util/errors.ts";
import { dataParallel } from "./data-parallel.ts";
import type { TrainingState } from "./optimizer.ts";
import { emptyState, initialize, stepStrategy } from "./strategy.ts";
import {
  feedsFor,
  type StepperOptions,
  type TrainingBatch,
  type TrainingStepper,
} from "./types.ts";

const network = smallestUNet;
const specs = parameterSpecs(network);
const count = parameterCount(specs);
const hyper = { learningRate: 1e-3, emaDecay: 0.9, clip: Number.POSITIVE_INFINITY };

const batchOf = (images: number, name: string) => trainingBatch(images, 8, name);

const createStepper = (options: StepperOptions) =>
  dataParallel.createStepper(options, spawnReplica);

async function initialState(seed: number): Promise<TrainingState> {
  const state = emptyState(network);
  await initialize(state, { network, seed });
  state.ema.set(state.parameters);
  return state;
}

/** Weights none of which is zero. */
async function freshState(): Promise<TrainingState> {
  const state = await initialState(1);
  const noise = numbers([count], [-0.2, 0.2], "state");
  for (let i = 0; i < count; i++) state.parameters[i]! += noise[i]!;
  state.ema.set(state.parameters);
  return state;
}

/** A copy to compare with later. */
function copyOf({ parameters, ema, m, v, step }: TrainingState) {
  return {
    parameters: Float32Array.from(parameters),
    ema: Float32Array.from(ema),
    m: Float32Array.from(m),
    v: Float32Array.from(v),
    step,
  };
}

function setState(state: TrainingState, to: ReturnType<typeof copyOf>): void {
  state.parameters.set(to.parameters);
  state.ema.set(to.ema);
  state.m.set(to.m);
  state.v.set(to.v);
  state.step = to.step;
}

describe("training steps", () => {
  let fresh: ReturnType<typeof copyOf>;
  const batch = batchOf(4, "batch");
  const steppers: TrainingStepper[] = [];
  let [one, two, half, uneven] = steppers;

  beforeAll(async () => {
    fresh = copyOf(await freshState());
    const create = async (images: number, threads: number) =>
      createStepper({ network, batch: images, loss: "l2", threads, state: await freshState() });
    steppers.push(...(await Promise.all([create(4, 1), create(4, 2), create(2, 1), create(3, 2)])));
    [one, two, half, uneven] = steppers;
  });
  afterAll(() => Promise.all(steppers.map((stepper) => stepper.dispose())));

  /** One step from the fresh state: its result and where it led. */
  async function stepOf(stepper: TrainingStepper, batches: TrainingBatch[], options = hyper) {
    setState(stepper.state, fresh);
    const result = await stepper.step(batches, options);
    return { ...result, after: copyOf(stepper.state) };
  }

  it.each(["cpu", "gpu"] as const)(
    "have the same gradient recomputed, lowered for a %s",
    async (lowering) => {
      const { parameters } = fresh;
      const inputs = {
        parameters: { data: parameters, shape: [count] },
        ...feedsFor(network, batch, 0, 4),
      };
      const gradientOf = async (recompute: boolean) => {
        const options = { batch: 4, loss: "l2", lowering, recompute } as const;
        const session = await openSession(trainingGraph(network, specs, options));
        return (await session.run(inputs)).gradient!.data;
      };
      const [kept, again] = [await gradientOf(false), await gradientOf(true)];
      expect(largestDifference(again, kept)).toBeLessThan(1e-6 * largest(kept));
    },
  );

  it("go on with recomputed blocks as without", async () => {
    const recomputing = await createStepper({
      ...{ network, batch: 4, loss: "l2", threads: 2, recompute: true },
      state: await freshState(),
    });
    steppers.push(recomputing);
    const [plain, again] = [await stepOf(two!, [batch]), await stepOf(recomputing, [batch])];
    expect(largestDifference(again.after.m, plain.after.m)).toBeLessThan(
      1e-6 * largest(plain.after.m),
    );
  });

  it("have the training program's losses and gradient", async () => {
    const session = await openSession(trainingGraph(network, specs, { batch: 4, loss: "l2" }));
    const image = [4, 3, 8, 8];
    const { losses, gradient } = await session.run({
      parameters: { data: fresh.parameters, shape: [count] },
      source: { data: batch.source, shape: image },
      noisy: { data: batch.noisy, shape: image },
      target: { data: batch.target, shape: image },
      conditioning: { data: batch.conditioning, shape: [4] },
      weight: { data: batch.weight, shape: [4, 1, 8, 8] },
    });
    await session.release();
    const step = await stepOf(one!, [batch]);
    expect(step.finite).toBe(true);
    expect(step.losses).toEqual(losses!.data);
    // After the first step Adam's first moment is a tenth of the gradient.
    const tenth = gradient!.data.map((value) => 0.1 * value);
    expect(largestDifference(step.after.m, tenth)).toBeLessThan(1e-7);
    const norm = Math.sqrt(gradient!.data.reduce((sum, value) => sum + value * value, 0));
    expect(step.gradientNorm).toBeCloseTo(norm, 5);
    expect(step.after.step).toBe(1);
  });

  it("of two threads are those of one, to rounding, with the losses in the batch's order", async () => {
    const [a, b] = [await stepOf(one!, [batch]), await stepOf(two!, [batch])];
    expect(largestDifference(a.losses, b.losses)).toBeLessThan(1e-6);
    expect(largestDifference(a.after.m, b.after.m)).toBeLessThan(1e-6);
    expect(b.gradientNorm / a.gradientNorm).toBeCloseTo(1, 5);
    expect(new Set(a.losses).size).toBe(4);
  });

  it("give the same bytes twice, with one thread and with two", async () => {
    for (const stepper of [one!, two!]) {
      const run = async () => {
        setState(stepper.state, fresh);
        const results = [];
        for (const name of ["a", "b", "c"])
          results.push(await stepper.step([batchOf(4, name)], hyper));
        return { results, after: copyOf(stepper.state) };
      };
      expect(await run()).toEqual(await run());
    }
  });

  it("have the same bytes where threads share no memory, also with accumulated gradients", async () => {
    const lent = await createStepper({
      network,
      batch: 3,
      loss: "l2",
      threads: 2,
      state: copyOf(await freshState()),
    });
    const run = async (stepper: TrainingStepper) => {
      setState(stepper.state, fresh);
      const results = [];
      for (const names of [["a"], ["b", "c"]])
        results.push(
          await stepper.step(
            names.map((name) => batchOf(3, name)),
            hyper,
          ),
        );
      return { results, after: copyOf(stepper.state) };
    };
    expect(await run(lent)).toEqual(await run(uneven!));
    await lent.dispose();
  });

  it("share an uneven batch: three images over two threads", async () => {
    const three = part(batch, 0, 3);
    const [whole, shared] = [await stepOf(one!, [batch]), await stepOf(uneven!, [three])];
    expect(largestDifference(shared.losses, whole.losses.slice(0, 3))).toBeLessThan(1e-6);
  });

  it("of two half batches accumulated are those of the whole batch", async () => {
    const whole = await stepOf(one!, [batch]);
    const halves = await stepOf(half!, [part(batch, 0, 2), part(batch, 2, 4)]);
    expect(largestDifference(halves.losses, whole.losses)).toBeLessThan(1e-6);
    expect(largestDifference(halves.after.m, whole.after.m)).toBeLessThan(1e-6);
    expect(halves.after.step).toBe(1);
  });

  it("start each gradient afresh: a step does not remember the batches of the one before", async () => {
    await stepOf(two!, [batchOf(4, "other"), batchOf(4, "another")]);
    const [again, first] = [await stepOf(two!, [batch]), await stepOf(two!, [batch])];
    expect(again).toEqual(first);
  });

  it.each([
    ["an infinite target", "target", Number.POSITIVE_INFINITY],
    ["a noisy pixel that is not a number", "noisy", Number.NaN],
    ["a target whose square overflows", "target", 1e30],
  ] as const)("leave the state untouched at %s, and say so", async (_name, key, value) => {
    const broken = { ...batch, [key]: batch[key].slice() };
    broken[key][70] = value;
    for (const stepper of [one!, two!]) {
      const { finite, after } = await stepOf(stepper, [broken]);
      expect(finite).toBe(false);
      expect(after).toEqual(fresh);
      const next = await stepOf(stepper, [batch]);
      expect(next.finite).toBe(true);
    }
  });

  it("clip the gradient to the global norm and report the norm before", async () => {
    const free = await stepOf(two!, [batch]);
    const clip = free.gradientNorm / 5;
    const clipped = await stepOf(two!, [batch], { ...hyper, clip });
    expect(clipped.gradientNorm).toBe(free.gradientNorm);
    const fifth = free.after.m.map((value) => value / 5);
    expect(largestDifference(clipped.after.m, fifth)).toBeLessThan(1e-8);
  });

  it("move the average towards the weights", async () => {
    const { after } = await stepOf(one!, [batch]);
    const expected = after.parameters.map((value, i) => 0.9 * fresh.parameters[i]! + 0.1 * value);
    expect(largestDifference(after.ema, expected)).toBeLessThan(1e-7);
    expect(largestDifference(after.ema, fresh.ema)).toBeGreaterThan(1e-5);
  });

  it("lower the loss on a batch that is seen again and again", async () => {
    setState(two!.state, fresh);
    const losses: number[] = [];
    for (let i = 0; i < 30; i++) {
      const result = await two!.step([batch], { ...hyper, learningRate: 1e-2 });
      losses.push(result.losses.reduce((sum, loss) => sum + loss, 0));
    }
    expect(losses[29]!).toBeLessThan(losses[0]! / 2);
  });
});

describe("a stepper", () => {
  it("refuses vectors that its threads would not share, or of another length", async () => {
    const options = { network, batch: 1, loss: "l2", threads: 1 } as const;
    const state = await freshState();
    const unshared = { ...state, ema: new Float32Array(count) };
    await expect(createStepper({ ...options, state: unshared })).rejects.toThrow("shared");
    const short = { ...state, m: dataParallel.vector(count - 1) };
    await expect(createStepper({ ...options, state: short })).rejects.toThrow(`${count}`);
  });

  it("fails in one line when its device does not exist", async () => {
    const options = {
      network,
      batch: 1,
      loss: "l2",
      threads: 1,
      state: await freshState(),
    } as const;
    const created = createStepper({ ...options, device: "abacus" as Device });
    await expect(created).rejects.toThrow(PaletteError);
  });

  it("gives one thread to one image, and refuses to go on when it was disposed of", async () => {
    const state = await freshState();
    const options = { network, batch: 1, loss: "l1", threads: 2, state } as const;
    const stepper = await createStepper(options);
    expect((await stepper.step([batchOf(1, "single")], hyper)).finite).toBe(true);
    await stepper.dispose();
    await expect(stepper.step([batchOf(1, "single")], hyper)).rejects.toThrow("disposed");
  });
});

describe("the strategy", () => {
  it("is low memory above 128 MB of weights, asked in one place", () => {
    expect(stepStrategy(network)).toBe(dataParallel);
    expect(stepStrategy(presetNamed("small-64").network).name).toBe("data-parallel");
    expect(stepStrategy(presetNamed("pytorch-256").network).name).toBe("low-memory");
  });
});

describe("the initial state", () => {
  it("has the seed's weights in both vectors, and moments of zero", async () => {
    const state = await initialState(7);
    expect([...state.parameters]).toEqual([...initialParameters(specs, 7)]);
    expect(state.ema).toEqual(state.parameters);
    expect(state.m.every((value) => value === 0)).toBe(true);
    expect(state.v.every((value) => value === 0)).toBe(true);
    expect(state.step).toBe(0);
    expect([...(await initialState(8)).parameters]).not.toEqual([...state.parameters]);
  });
});

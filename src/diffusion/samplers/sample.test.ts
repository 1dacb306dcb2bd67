import { describe, expect, it } from "vitest";
import { PaletteError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import { inferenceSchedule } from "../schedule.ts";
import { spacings } from "./levels.ts";
import { samplers } from "./registry.ts";
import {
  type Predict,
  type SampleOptions,
  type SamplingProblem,
  type SamplingStep,
  sample,
  sampleSeeds,
} from "./sample.ts";

/** A network that is not linear in y_t, to try the walk with; it predicts v. */
const predict: Predict = async (noisy, gamma) =>
  noisy.map((value) => Math.sin(2 * value) - gamma * value);

function problem(count: number, changes: Partial<SamplingProblem> = {}): SamplingProblem {
  return { shape: [count, 3, 4, 6], prediction: "v", predict, ...changes };
}

const size = 3 * 4 * 6;

const settings: [string, Pick<SampleOptions, "sampler" | "eta" | "variance">][] = [
  ["ddpm", { sampler: "ddpm" }],
  ["ddpm posterior", { sampler: "ddpm", variance: "posterior" }],
  ["ddim", { sampler: "ddim" }],
  ["ddim eta 1", { sampler: "ddim", eta: 1 }],
  ["dpm++", { sampler: "dpm++" }],
];

describe.each(settings)("%s", (_, setting) => {
  it("gives sample k alone and in a batch of 5 the same values", async () => {
    const batch = await sample(problem(5), { ...setting, steps: 9, seeds: sampleSeeds(3, 5) });
    for (let k = 0; k < 5; k++) {
      const alone = await sample(problem(1), { ...setting, steps: 9, seeds: sampleSeeds(3, 1, k) });
      expect(alone).toEqual(batch.slice(k * size, (k + 1) * size));
    }
    expect(batch.slice(0, size)).not.toEqual(batch.slice(size, 2 * size));
    const other = await sample(problem(1), { ...setting, steps: 9, seeds: sampleSeeds(4, 1) });
    expect(other).not.toEqual(batch.slice(0, size));
  });

  it("calls the network once a step and ends at the last estimate, without noise", async () => {
    for (const spacing of spacings) {
      for (const steps of [1, 2, 3, 20]) {
        const gammas: number[] = [];
        const seen: SamplingStep[] = [];
        const result = await sample(
          problem(2, {
            predict: (noisy, gamma, next) => {
              gammas.push(gamma);
              return predict(noisy, gamma, next);
            },
          }),
          { ...setting, steps, spacing, seeds: sampleSeeds(1, 2) },
          (info) => void seen.push(info),
        );
        expect(gammas).toHaveLength(steps);
        expect(seen.map((info) => info.gamma)).toEqual(gammas);
        expect(seen.map((info) => info.step)).toEqual(gammas.map((_, i) => i + 1));
        expect(seen.every((info) => info.steps === steps)).toBe(true);
        expect(result).toEqual(seen[steps - 1]!.y0);
        expect(result.every((value) => Math.abs(value) <= 1)).toBe(true);
      }
    }
  });

  it("shows the network clean known pixels and keeps them exactly", async () => {
    const random = Random.from("known");
    const data = Float32Array.from({ length: 2 * size }, () => random.between(-1, 1));
    const mask = Float32Array.from({ length: 2 * 24 }, () => random.integer(0, 1));
    const isKnown = (i: number): boolean => mask[Math.floor(i / size) * 24 + (i % 24)] === 0;
    const checkKnown = (values: Float32Array): void => {
      values.forEach((value, i) => {
        if (isKnown(i)) expect(value).toBe(data[i]);
      });
    };
    const result = await sample(
      problem(2, {
        known: { data, mask },
        predict: (noisy, gamma, next) => {
          checkKnown(noisy);
          return predict(noisy, gamma, next);
        },
      }),
      { ...setting, steps: 6, seeds: sampleSeeds(1, 2) },
      (info) => checkKnown(info.y0),
    );
    checkKnown(result);
    expect(result.some((value, i) => !isKnown(i) && value !== data[i])).toBe(true);
  });

  it("stays finite from gamma 6.6e-21 on", async () => {
    for (const spacing of spacings) {
      for (const prediction of ["epsilon", "v", "x0"] as const) {
        const options = { ...setting, steps: 25, spacing, belowTrained: true, clip: false };
        const gammas: number[] = [];
        await sample(
          problem(1, { prediction }),
          { ...options, seeds: sampleSeeds(1, 1) },
          (info) => void gammas.push(info.gamma),
        );
        expect(gammas[0]).toBe(inferenceSchedule.gammas[1000]);
        expect(gammas).toHaveLength(25);
      }
    }
  });
});

describe("clipping", () => {
  it("is on unless switched off", async () => {
    const bright = problem(1, {
      prediction: "x0",
      predict: async (noisy) => noisy.map(() => 1.5),
    });
    for (const { name: sampler } of samplers) {
      const options = { sampler, steps: 5, seeds: sampleSeeds(1, 1) };
      expect((await sample(bright, options)).every((value) => value === 1)).toBe(true);
      const unclipped = await sample(bright, { ...options, clip: false });
      expect(unclipped.every((value) => value === 1.5)).toBe(true);
    }
  });
});

describe("stopping", () => {
  it("makes no further network call once aborted", async () => {
    const controller = new AbortController();
    let calls = 0;
    const run = sample(
      problem(1, {
        predict: (noisy, gamma, next) => {
          if (++calls === 3) controller.abort();
          return predict(noisy, gamma, next);
        },
      }),
      { sampler: "ddim", steps: 10, seeds: sampleSeeds(1, 1), signal: controller.signal },
    );
    await expect(run).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    expect(calls).toBe(3);
  });

  it("waits for the callback and passes its error on", async () => {
    const options = { sampler: "ddim", steps: 10, seeds: sampleSeeds(1, 1) } as const;
    let steps = 0;
    const run = sample(problem(1), options, async () => {
      if (++steps === 2) throw new Error("enough");
    });
    await expect(run).rejects.toThrow("enough");
    expect(steps).toBe(2);
  });

  it("does not let the callback change the walk", async () => {
    const options = { sampler: "dpm++", steps: 6, seeds: sampleSeeds(1, 1) } as const;
    const spoiled = await sample(problem(1), options, (info) => void info.y0.fill(9));
    expect(spoiled).toEqual(await sample(problem(1), options));
  });
});

describe("bad input", () => {
  const options = { sampler: "ddim", steps: 3, seeds: sampleSeeds(1, 1) } as const;
  it.each<[string, SamplingProblem, SampleOptions]>([
    ["no steps", problem(1), { ...options, steps: 0 }],
    ["eta above 1", problem(1), { ...options, eta: 1.5 }],
    ["eta that is no number", problem(1), { ...options, eta: Number.NaN }],
    ["too few seeds", problem(2), options],
    ["an unknown sampler", problem(1), { ...options, sampler: "euler" as "ddim" }],
    [
      "a mask of another size",
      problem(1, { known: { data: new Float32Array(size), mask: new Float32Array(5) } }),
      options,
    ],
    [
      "an output of another size",
      problem(1, { predict: async () => new Float32Array(5) }),
      options,
    ],
    [
      "an output that is no number",
      problem(1, { predict: async (y) => y.map(() => Number.NaN) }),
      options,
    ],
  ])("is refused in one line: %s", async (_, given, how) => {
    const error = await sample(given, how).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PaletteError);
    expect((error as PaletteError).message).not.toContain("\n");
  });
});

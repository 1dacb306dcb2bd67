import { describe, expect, it } from "vitest";
import { PaletteError } from "../../util/errors.ts";
import {
  inferenceSchedule,
  linearSchedule,
  logSnr,
  smallestGamma,
  trainingSchedule,
} from "../schedule.ts";
import { samplingLevels, spacings } from "./levels.ts";

const trained = smallestGamma(trainingSchedule);

describe("levels even in time", () => {
  it("are the paper's 1000 in their order when asked to leave the trained range", () => {
    const levels = samplingLevels({ steps: 1000, belowTrained: true });
    expect(levels).toEqual(inferenceSchedule.gammas.slice(1).reverse());
  });

  it("are the paper's steps 468 to 1 otherwise", () => {
    const levels = samplingLevels({ steps: 1000 });
    expect(levels).toEqual(inferenceSchedule.gammas.slice(1, 469).reverse());
  });

  it("are an even subsequence for fewer steps", () => {
    const { gammas } = inferenceSchedule;
    const levels = samplingLevels({ steps: 4 });
    expect([...levels]).toEqual([gammas[468], gammas[351], gammas[234], gammas[117]]);
    expect([...samplingLevels({ steps: 1 })]).toEqual([gammas[468]]);
  });

  it("are the whole training schedule if that is sampled", () => {
    const levels = samplingLevels({ steps: 2000, schedule: trainingSchedule });
    expect(levels).toHaveLength(2000);
    expect(levels[0]).toBe(trained);
  });
});

describe("levels even in log-SNR", () => {
  it("go in equal steps from the smallest trained gamma to the schedule's first", () => {
    const levels = samplingLevels({ steps: 12, spacing: "logsnr" });
    expect(levels[0]).toBe(trained);
    expect(levels[11]).toBeCloseTo(0.9999, 12);
    const step = (logSnr(0.9999) - logSnr(trained)) / 11;
    for (let i = 1; i < 12; i++) {
      expect(logSnr(levels[i]!) - logSnr(levels[i - 1]!)).toBeCloseTo(step, 8);
    }
  });

  it("start at gamma 6.6e-21 when asked", () => {
    const levels = samplingLevels({ steps: 5, spacing: "logsnr", belowTrained: true });
    expect(levels[0]).toBe(inferenceSchedule.gammas[1000]);
    expect(levels.every((gamma) => gamma > 0 && gamma < 1)).toBe(true);
  });

  it("are as many as asked even when the schedule has fewer", () => {
    const schedule = linearSchedule(10, 0.01, 0.5);
    expect(samplingLevels({ steps: 37, spacing: "logsnr", schedule })).toHaveLength(37);
    expect(samplingLevels({ steps: 37, spacing: "time", schedule })).toHaveLength(10);
  });
});

describe("levels down to some noise", () => {
  const sigmas = (levels: Float64Array) =>
    [...levels].map((gamma) => Math.sqrt((1 - gamma) / gamma));

  it("even in log-SNR end exactly there", () => {
    const levels = sigmas(samplingLevels({ steps: 20, spacing: "logsnr", sigmaMin: 0.05 }));
    expect(levels).toHaveLength(20);
    expect(levels[19]).toBeCloseTo(0.05, 12);
    expect(levels[0]).toBeCloseTo(Math.sqrt(1 / trained - 1), 6);
  });

  it("even in time are those of the schedule that have no less", () => {
    const { gammas } = inferenceSchedule;
    const first = gammas.findIndex((gamma) => gamma <= 1 / (1 + 0.05 ** 2));
    expect(first).toBeGreaterThan(2);
    const all = samplingLevels({ steps: 1000, sigmaMin: 0.05 });
    expect(all).toEqual(gammas.slice(first, 469).reverse());
    const few = sigmas(samplingLevels({ steps: 5, sigmaMin: 0.05 }));
    expect(few).toHaveLength(5);
    expect(few[0]).toBe(sigmas(gammas.slice(468, 469))[0]);
    expect(Math.min(...few)).toBeGreaterThanOrEqual(0.05);
  });

  it("refuse what leaves none", () => {
    for (const sigmaMin of [-1, Number.NaN, 1e6]) {
      expect(() => samplingLevels({ steps: 5, sigmaMin })).toThrow(PaletteError);
    }
  });
});

describe.each(spacings)("levels even in %s", (spacing) => {
  it.each([1, 2, 3, 7, 20, 50, 333, 468])(
    "are %d, rising strictly in the trained range",
    (steps) => {
      const levels = samplingLevels({ steps, spacing });
      expect(levels).toHaveLength(steps);
      expect(levels[0]).toBeGreaterThanOrEqual(trained);
      for (let i = 1; i < steps; i++) expect(levels[i]!).toBeGreaterThan(levels[i - 1]!);
      expect(levels[steps - 1]).toBeLessThan(1);
    },
  );

  it("refuse impossible requests", () => {
    for (const steps of [0, -1, 1.5, Number.NaN]) {
      expect(() => samplingLevels({ steps, spacing })).toThrow(PaletteError);
    }
    const schedule = linearSchedule(5, 0.9, 0.9);
    expect(() => samplingLevels({ steps: 5, spacing, schedule, smallestGamma: 0.5 })).toThrow(
      /no level/,
    );
  });
});

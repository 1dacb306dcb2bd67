import { describe, expect, it } from "vitest";
import { PaletteError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import {
  gammaAt,
  inferenceSchedule,
  inferenceScheduleConfig,
  linearSchedule,
  logSigma,
  logSnr,
  sampleGamma,
  scheduleConfig,
  smallestGamma,
  trainingSchedule,
} from "./schedule.ts";

/** Equal to the digits that are printed. */
function printed(value: number, digits: number): string {
  return value.toPrecision(digits);
}

describe("the paper's schedules", () => {
  it("has the training gammas of the paper", () => {
    const { gammas } = trainingSchedule;
    expect(gammas).toHaveLength(2001);
    expect(gammas[0]).toBe(1);
    expect(gammas[1]).toBeCloseTo(0.999999, 15);
    expect(printed(gammas[500]!, 4)).toBe("0.5353");
    expect(printed(gammas[1000]!, 4)).toBe("0.08178");
    expect(printed(gammas[1500]!, 4)).toBe("0.003556");
    expect(printed(gammas[2000]!, 4)).toBe("0.00004386");
  });

  it("has the inference gammas of the paper", () => {
    const { gammas } = inferenceSchedule;
    expect(gammas).toHaveLength(1001);
    expect(gammas[1]).toBeCloseTo(0.9999, 15);
    expect(printed(gammas[100]!, 4)).toBe("0.6333");
    expect(printed(gammas[200]!, 4)).toBe("0.1617");
    expect(gammas[250]!.toFixed(4)).toBe("0.0580");
    expect(printed(gammas[500]!, 4)).toBe("0.00001065");
    expect(printed(gammas[1000]!, 3)).toBe("6.60e-21");
  });

  it("leaves the trained range of gamma at inference step 469", () => {
    const trained = smallestGamma(trainingSchedule);
    expect(inferenceSchedule.gammas.findIndex((gamma) => gamma < trained)).toBe(469);
  });

  it("falls strictly and stays finite in log-SNR down to gamma 6.6e-21", () => {
    const { gammas } = inferenceSchedule;
    for (let t = 1; t <= 1000; t++) {
      expect(gammas[t]!).toBeLessThan(gammas[t - 1]!);
      expect(Number.isFinite(logSnr(gammas[t]!))).toBe(true);
      expect(gammaAt(logSnr(gammas[t]!)) / gammas[t]!).toBeCloseTo(1, 10);
    }
    expect(logSnr(gammas[1000]!)).toBeCloseTo(-46.467, 2);
    expect(logSnr(0.5)).toBe(0);
  });
});

describe("schedules from configurations", () => {
  it("reads a valid configuration and refuses others", () => {
    expect(scheduleConfig.parse({ ...inferenceScheduleConfig })).toEqual(inferenceScheduleConfig);
    expect(scheduleConfig.safeParse({ ...inferenceScheduleConfig, steps: 0 }).success).toBe(false);
    expect(scheduleConfig.safeParse({ ...inferenceScheduleConfig, betaLast: 1 }).success).toBe(
      false,
    );
    expect(scheduleConfig.safeParse({ ...inferenceScheduleConfig, type: "cosine" }).success).toBe(
      false,
    );
  });

  it("takes one step and refuses what is no schedule", () => {
    expect([...linearSchedule(1, 0.5, 0.9).gammas]).toEqual([1, 0.5]);
    expect(() => linearSchedule(0, 0.1, 0.2)).toThrow(PaletteError);
    expect(() => linearSchedule(2.5, 0.1, 0.2)).toThrow(PaletteError);
    expect(() => linearSchedule(10, 0, 0.2)).toThrow(PaletteError);
    expect(() => linearSchedule(10, 0.1, Number.NaN)).toThrow(PaletteError);
    expect(() => linearSchedule(2000, 0.5, 0.9)).toThrow(/fewer steps/);
  });
});

describe("the paper's p(gamma)", () => {
  it("gives each of the T intervals the probability 1/T", () => {
    const schedule = linearSchedule(8, 0.05, 0.4);
    const random = Random.from("p(gamma)", "intervals");
    const count = new Array<number>(8).fill(0);
    const draws = 40_000;
    for (let i = 0; i < draws; i++) {
      const gamma = sampleGamma("schedule", schedule, random);
      count[schedule.gammas.findIndex((g) => g <= gamma) - 1]!++;
    }
    const expected = draws / 8;
    const chiSquared = count.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // 99.9 % of the chi-squared distribution with 7 degrees of freedom lie below 24.3.
    expect(chiSquared).toBeLessThan(24.3);
  });

  it("is uniform inside an interval", () => {
    const schedule = linearSchedule(1, 0.6, 0.6);
    const random = Random.from("p(gamma)", "inside");
    const draws = Float64Array.from({ length: 20_000 }, () =>
      sampleGamma("schedule", schedule, random),
    ).sort();
    let distance = 0;
    draws.forEach((gamma, i) => {
      distance = Math.max(distance, Math.abs((gamma - 0.4) / 0.6 - (i + 0.5) / draws.length));
    });
    // Kolmogorov-Smirnov at 0.1 %: 1.95 / sqrt(n).
    expect(distance).toBeLessThan(1.95 / Math.sqrt(draws.length));
  });

  it("has the training schedule's mean and never leaves its range", () => {
    const { gammas, steps } = trainingSchedule;
    let mean = 0;
    for (let t = 1; t <= steps; t++) mean += (gammas[t]! + gammas[t - 1]!) / 2 / steps;
    const random = Random.from("p(gamma)", "mean");
    const draws = 40_000;
    let sum = 0;
    for (let i = 0; i < draws; i++) {
      const gamma = sampleGamma("schedule", trainingSchedule, random);
      expect(gamma).toBeGreaterThanOrEqual(gammas[steps]!);
      expect(gamma).toBeLessThanOrEqual(1);
      sum += gamma;
    }
    expect(Math.abs(sum / draws - mean)).toBeLessThan((4 * 0.35) / Math.sqrt(draws));
  });
});

describe("log-normal levels", () => {
  const draw = (name: string, count: number, schedule = trainingSchedule) => {
    const random = Random.from("log-normal", name);
    return Float64Array.from({ length: count }, () => sampleGamma("log-normal", schedule, random));
  };

  it("have a normal ln sigma of the given mean and deviation", () => {
    const sorted = draw("normal", 20_000)
      .map((gamma) => -logSnr(gamma) / 2)
      .sort();
    // Quantiles of the normal distribution.
    for (const [share, z] of [
      [0.0228, -2],
      [0.1587, -1],
      [0.5, 0],
      [0.8413, 1],
      [0.9772, 2],
    ] as const) {
      const { mean, deviation } = logSigma;
      const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
      const error = Math.sqrt((share * (1 - share)) / sorted.length) / density;
      const z0 = (sorted[Math.floor(share * sorted.length)]! - mean) / deviation;
      expect(Math.abs(z0 - z)).toBeLessThan(4 * error);
    }
  });

  it("never leave the schedule, however short it is", () => {
    const { gammas, steps } = linearSchedule(3, 0.2, 0.4);
    const drawn = draw("short", 1000, linearSchedule(3, 0.2, 0.4)).sort();
    expect(drawn[0]).toBeCloseTo(gammas[steps]!, 12);
    expect(drawn.at(-1)).toBeCloseTo(gammas[1]!, 12);
    expect(new Set(draw("one", 100, linearSchedule(1, 0.5, 0.5)))).toEqual(new Set([0.5]));
  });
});

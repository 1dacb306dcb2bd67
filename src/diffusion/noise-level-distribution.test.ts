import { describe, expect, it } from "vitest";
import { Random } from "../util/random.ts";
import { logSigma, sampleGamma } from "./noise-level-distribution.ts";
import { linearSchedule, logSnr, trainingSchedule } from "./schedule.ts";

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

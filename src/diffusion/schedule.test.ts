import { describe, expect, it } from "vitest";
import { PaletteError } from "../util/errors.ts";
import {
  gammaAt,
  inferenceSchedule,
  inferenceScheduleConfig,
  linearSchedule,
  logSnr,
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

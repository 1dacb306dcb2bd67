import { describe, expect, it } from "vitest";
import {
  inferenceScheduleConfig,
  linearSchedule,
  scheduleFrom,
  smallestGamma,
  trainingScheduleConfig,
} from "../diffusion/schedule.ts";
import { PaletteError } from "../util/errors.ts";
import { describeSchedule, scheduleOfBuffers, scheduleOfConfig } from "./schedules.ts";

/** gamma_1 to gamma_T of a schedule in float32, and of sqrt(1/gamma - 1). */
function buffers(config: typeof trainingScheduleConfig) {
  const gammas = scheduleFrom(config).gammas.subarray(1);
  return new Map([
    ["gammas", Float32Array.from(gammas)],
    ["sqrt_recipm1_gammas", Float32Array.from(gammas, (gamma) => Math.sqrt(1 / gamma - 1))],
  ]);
}

describe("the schedule beside the weights", () => {
  it.each([
    ["the training's", trainingScheduleConfig],
    ["the inference's", inferenceScheduleConfig],
    ["of ten steps", { type: "linear", steps: 10, betaFirst: 0.0123, betaLast: 0.75 } as const],
    ["of equal steps", { type: "linear", steps: 100, betaFirst: 0.02, betaLast: 0.02 } as const],
    ["that falls", { type: "linear", steps: 100, betaFirst: 0.02, betaLast: 0.001 } as const],
    ["of one step", { type: "linear", steps: 1, betaFirst: 0.5, betaLast: 0.5 } as const],
  ])("%s is found to the digit", (_, config) => {
    expect(scheduleOfBuffers(buffers(config), "x.pth")).toEqual({ config, exact: true });
  });

  it("is found from gammas alone, which near 1 have few digits", () => {
    const gammas = new Map([["gammas", buffers(trainingScheduleConfig).get("gammas")!]]);
    expect(scheduleOfBuffers(gammas, "x.pth")).toEqual({
      config: trainingScheduleConfig,
      exact: true,
    });
  });

  it("is not known without its numbers, and none when they do not fall", () => {
    expect(scheduleOfBuffers(new Map(), "x.pth")).toBeUndefined();
    const wrong = new Map([["gammas", Float32Array.of(1, 1, 1)]]);
    expect(() => scheduleOfBuffers(wrong, "x.pth")).toThrow(PaletteError);
  });
});

describe("the schedule of a configuration", () => {
  const of = (schedule: string, n_timestep = 1000, linear_start = 1e-4, linear_end = 0.02) =>
    scheduleOfConfig({ schedule, n_timestep, linear_start, linear_end }, "c.json");

  it("linear and const are linear schedules", () => {
    expect(of("linear")).toEqual({
      config: { type: "linear", steps: 1000, betaFirst: 1e-4, betaLast: 0.02 },
      exact: true,
    });
    expect(of("const").config).toMatchObject({ betaFirst: 0.02, betaLast: 0.02 });
  });

  it("has the re-implementation's defaults", () => {
    const { config } = scheduleOfConfig({ schedule: "linear", n_timestep: 2000 }, "c.json");
    expect(config).toEqual(trainingScheduleConfig);
  });

  it.each(["quad", "warmup10", "warmup50", "cosine", "jsd"])("%s keeps its ends", (name) => {
    const { config, exact } = of(name);
    expect(exact).toBe(false);
    const betas = {
      quad: (i: number) => (0.01 + ((Math.sqrt(0.02) - 0.01) * i) / 999) ** 2,
      warmup10: (i: number) => (i < 100 ? 1e-4 + (0.0199 * i) / 99 : 0.02),
      warmup50: (i: number) => (i < 500 ? 1e-4 + (0.0199 * i) / 499 : 0.02),
      jsd: (i: number) => Math.min(0.999, 1 / (1000 - i)),
      cosine: (i: number) => {
        const at = (t: number) => Math.cos((((t / 1000 + 0.008) / 1.008) * Math.PI) / 2) ** 2;
        return Math.min(0.999, 1 - at(i + 1) / at(i));
      },
    }[name]!;
    let gamma = 1;
    for (let i = 0; i < 1000; i++) gamma *= 1 - betas(i);
    expect(config.betaFirst / betas(0)).toBeCloseTo(1, 4);
    const last = smallestGamma(linearSchedule(config.steps, config.betaFirst, config.betaLast));
    expect(Math.log(last) / Math.log(gamma)).toBeCloseTo(1, 4);
  });

  it("of another kind is refused by its name", () => {
    expect(() => of("sigmoid")).toThrow(/c\.json: the schedule "sigmoid" is not known/);
  });

  it("is told in words", () => {
    expect(describeSchedule(trainingScheduleConfig)).toBe(
      "linear, 2000 steps, beta from 0.000001 to 0.01",
    );
  });
});

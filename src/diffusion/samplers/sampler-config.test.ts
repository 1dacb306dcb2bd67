import { describe, expect, it } from "vitest";
import { UsageError } from "../../util/errors.ts";
import { type DrawingChoices, drawingConfig, drawingOf, freshNoise } from "./sampler-config.ts";

const plain = { eta: 0, spacing: "time", sigmaMin: 0 };

describe("how answers are drawn", () => {
  it("is dpm++ where neither the model nor anybody else says anything", () => {
    expect(drawingOf({})).toEqual({ sampler: "dpm++", ...plain });
  });

  it("is the model's own way unless a sampler is named, which comes as in its paper", () => {
    expect(drawingOf({}, freshNoise)).toEqual(freshNoise);
    for (const sampler of ["ddpm", "ddim", "dpm++"] as const) {
      expect(drawingOf({ sampler }, freshNoise)).toEqual({ sampler, ...plain });
    }
  });

  it("changes by every single choice", () => {
    expect(drawingOf({ eta: 0 }, freshNoise)).toEqual({ ...freshNoise, eta: 0 });
    expect(drawingOf({ spacing: "time" }, freshNoise)).toEqual({ ...freshNoise, spacing: "time" });
    expect(drawingOf({ sigmaMin: 0.1, eta: undefined }, freshNoise)).toEqual({
      ...freshNoise,
      sigmaMin: 0.1,
    });
    expect(drawingOf({ sampler: "ddim", eta: 1 }, freshNoise)).toEqual({
      sampler: "ddim",
      ...plain,
      eta: 1,
    });
  });

  it("can be given whole, and stays the same", () => {
    for (const own of [drawingOf({}), freshNoise]) expect(drawingOf(own, freshNoise)).toEqual(own);
  });

  it.each<[RegExp, DrawingChoices]>([
    [/no sampler "euler"/, { sampler: "euler" as "ddim" }],
    [/no spacing "karras"/, { spacing: "karras" as "time" }],
    [/not 2\./, { sampler: "ddim", eta: 2 }],
    [/not NaN/, { sampler: "ddim", eta: Number.NaN }],
    [/setting of ddim/, { eta: 0.5 }],
    [/setting of ddim/, { sampler: "ddpm", eta: 1 }],
    [/0 to 100.*not -1/, { sigmaMin: -1 }],
    [/not 101/, { sigmaMin: 101 }],
  ])("refuses with %s", (message, choices) => {
    expect(() => drawingOf(choices)).toThrow(UsageError);
    expect(() => drawingOf(choices)).toThrow(message);
  });

  it("is read from a model's config.json, where a sampler alone is enough", () => {
    expect(drawingConfig.parse({ sampler: "ddpm" })).toEqual({ sampler: "ddpm", ...plain });
    expect(drawingConfig.parse(freshNoise)).toEqual(freshNoise);
    expect(() => drawingConfig.parse({ sampler: "ddim", eta: 2 })).toThrow();
    expect(() => drawingConfig.parse({ ...freshNoise, sampler: "dpm++" })).toThrow(
      /setting of ddim/,
    );
  });
});

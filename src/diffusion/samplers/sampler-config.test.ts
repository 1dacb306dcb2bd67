import { describe, expect, it } from "vitest";
import { UsageError } from "../../util/errors.ts";
import {
  resolveSampler,
  type SamplerChoices,
  samplerConfigSchema,
  stochasticDdim,
} from "./sampler-config.ts";

const plain = { spacing: "time", sigmaMin: 0 };
const plainOf = { ddpm: plain, ddim: { ...plain, eta: 0 }, "dpm++": plain };

describe("the sampler", () => {
  it("is dpm++ where neither the model nor anybody else says one", () => {
    expect(resolveSampler({})).toEqual({ sampler: "dpm++", ...plain });
  });

  it("is the model's own way unless a sampler is named, which comes as in its paper", () => {
    expect(resolveSampler({}, stochasticDdim)).toEqual(stochasticDdim);
    for (const sampler of ["ddpm", "ddim", "dpm++"] as const) {
      expect(resolveSampler({ sampler }, stochasticDdim)).toEqual({ sampler, ...plainOf[sampler] });
    }
  });

  it("changes by every single choice", () => {
    expect(resolveSampler({ eta: 0 }, stochasticDdim)).toEqual({ ...stochasticDdim, eta: 0 });
    expect(resolveSampler({ spacing: "time" }, stochasticDdim)).toEqual({
      ...stochasticDdim,
      spacing: "time",
    });
    expect(resolveSampler({ sigmaMin: 0.1, eta: undefined }, stochasticDdim)).toEqual({
      ...stochasticDdim,
      sigmaMin: 0.1,
    });
    expect(resolveSampler({ sampler: "ddim", eta: 1 }, stochasticDdim)).toEqual({
      sampler: "ddim",
      ...plain,
      eta: 1,
    });
  });

  it("can be given whole, and stays the same", () => {
    for (const own of [resolveSampler({}), stochasticDdim])
      expect(resolveSampler(own, stochasticDdim)).toEqual(own);
  });

  it.each<[RegExp, SamplerChoices]>([
    [/no sampler "euler"/, { sampler: "euler" as "ddim" }],
    [/no spacing "karras"/, { spacing: "karras" as "time" }],
    [/not 2\./, { sampler: "ddim", eta: 2 }],
    [/not NaN/, { sampler: "ddim", eta: Number.NaN }],
    [/setting of ddim/, { eta: 0.5 }],
    [/setting of ddim/, { sampler: "ddpm", eta: 1 }],
    [/0 to 100.*not -1/, { sigmaMin: -1 }],
    [/not 101/, { sigmaMin: 101 }],
  ])("refuses with %s", (message, choices) => {
    expect(() => resolveSampler(choices)).toThrow(UsageError);
    expect(() => resolveSampler(choices)).toThrow(message);
  });

  it("is read from a model's config.json, where a sampler alone is enough", () => {
    expect(samplerConfigSchema.parse({ sampler: "ddpm" })).toEqual({ sampler: "ddpm", ...plain });
    expect(samplerConfigSchema.parse(stochasticDdim)).toEqual(stochasticDdim);
    // As older versions wrote it: every sampler with an eta.
    const old = { sampler: "dpm++", eta: 0, spacing: "logsnr", sigmaMin: 0.1 };
    expect(samplerConfigSchema.parse(old)).toEqual({
      ...{ sampler: "dpm++", spacing: "logsnr", sigmaMin: 0.1 },
    });
    expect(() => samplerConfigSchema.parse({ sampler: "ddim", eta: 2 })).toThrow(/not 2/);
    expect(() => samplerConfigSchema.parse({ sampler: "euler" })).toThrow(/no sampler/);
    expect(() => samplerConfigSchema.parse({ sampler: "ddim", steps: 3 })).toThrow(/steps/);
    expect(() => samplerConfigSchema.parse({ ...stochasticDdim, sampler: "dpm++" })).toThrow(
      /setting of ddim/,
    );
  });
});

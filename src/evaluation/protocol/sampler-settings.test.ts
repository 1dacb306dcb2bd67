import { describe, expect, it } from "vitest";
import { stochasticDdim } from "../../diffusion/samplers/sampler-config.ts";
import { UsageError } from "../../util/errors.ts";
import { parseSampling, samplerName, samplingName, samplingOf } from "./sampler-settings.ts";

describe("a way of sampling", () => {
  it.each([
    ["20", { steps: 20 }, "dpm++:20", "dpm++"],
    [" ddpm:1000 ", { sampler: "ddpm", steps: 1000 }, "ddpm:1000", "ddpm"],
    ["5:logsnr", { steps: 5, spacing: "logsnr" }, "dpm++:5:logsnr", "dpm++ logsnr"],
    [
      "ddpm:1000:below",
      { sampler: "ddpm", steps: 1000, belowTrained: true },
      "ddpm:1000:below",
      "ddpm below",
    ],
    [
      "ddim:20:sigma-min=.05:eta=1:logsnr",
      { sampler: "ddim", steps: 20, spacing: "logsnr", eta: 1, sigmaMin: 0.05 },
      "ddim:20:logsnr:eta=1:sigma-min=0.05",
      "ddim logsnr eta=1 sigma-min=0.05",
    ],
    [
      "dpm++:2:start=1.5",
      { sampler: "dpm++", steps: 2, startSigma: 1.5 },
      "dpm++:2:start=1.5",
      "dpm++ start=1.5",
    ],
    [
      "dpm++:2:start-noise=.4:start=0.5",
      { sampler: "dpm++", steps: 2, startSigma: 0.5, startNoise: 0.4 },
      "dpm++:2:start=0.5:start-noise=0.4",
      "dpm++ start=0.5 start-noise=0.4",
    ],
    ["ddim:9:eta=0", { sampler: "ddim", steps: 9, eta: 0 }, "ddim:9", "ddim"],
  ])("%s", (text, wish, name, series) => {
    const parsed = parseSampling(text);
    expect(parsed).toEqual(wish);
    const sampling = samplingOf(parsed);
    expect(samplingName(sampling)).toBe(name);
    expect(samplerName(sampling)).toBe(series);
    expect(samplingOf(parseSampling(name))).toEqual(sampling);
  });

  it.each([
    ["20", "ddim:20:logsnr:eta=1:sigma-min=0.05"],
    ["50:eta=0.5", "ddim:50:logsnr:eta=0.5:sigma-min=0.05"],
    ["20:time:sigma-min=0", "ddim:20:eta=1"],
    ["20:below", "ddim:20:logsnr:below:eta=1:sigma-min=0.05"],
    ["dpm++:20", "dpm++:20"],
    ["ddim:20", "ddim:20"],
  ])("%s is of a model with its own way %s", (text, name) => {
    expect(samplingName(samplingOf(parseSampling(text), stochasticDdim))).toBe(name);
  });

  it("refuses what does not go with the model's own way", () => {
    expect(() => samplingOf(parseSampling("20:eta=1"))).toThrow(/setting of ddim/);
  });

  it.each([
    ...["", "0", "twenty", "euler:20", "20:sideways", "ddpm:", "ddpm:1:2", "1.5"],
    ...["20:logsnr:time", "20:below:below", "ddim:20:eta", "ddim:20:eta=2", "ddim:20:eta=x"],
    ...["ddim:20:eta=1:eta=0", "ddpm:20:eta=1", "20:sigma-min=", "20:sigma-min=-1", "20:eta=7"],
    ...["20:start=0", "20:start=", "20:start=1:start-noise=2", "own:logsnr"],
  ])("refuses %s", (text) => {
    expect(() => parseSampling(text)).toThrow(UsageError);
  });
});

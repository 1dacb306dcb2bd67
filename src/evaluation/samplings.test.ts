import { describe, expect, it } from "vitest";
import { UsageError } from "../errors.ts";
import { parseSampling, samplerName, samplingName } from "./samplings.ts";

describe("a way of sampling", () => {
  it.each([
    ["20", { sampler: "dpm++", steps: 20 }, "dpm++:20", "dpm++"],
    [" ddpm:1000 ", { sampler: "ddpm", steps: 1000 }, "ddpm:1000", "ddpm"],
    [
      "5:logsnr",
      { sampler: "dpm++", steps: 5, spacing: "logsnr" },
      "dpm++:5:logsnr",
      "dpm++ logsnr",
    ],
    [
      "ddpm:1000:below",
      { sampler: "ddpm", steps: 1000, belowTrained: true },
      "ddpm:1000:below",
      "ddpm below",
    ],
    [
      "ddim:20:eta=1:logsnr",
      { sampler: "ddim", steps: 20, spacing: "logsnr", eta: 1 },
      "ddim:20:logsnr:eta=1",
      "ddim logsnr eta=1",
    ],
    ["ddim:9:eta=0", { sampler: "ddim", steps: 9 }, "ddim:9", "ddim"],
  ])("%s", (text, sampling, name, series) => {
    const parsed = parseSampling(text);
    expect(parsed).toEqual(sampling);
    expect(samplingName(parsed)).toBe(name);
    expect(samplerName(parsed)).toBe(series);
    expect(parseSampling(name)).toEqual(parsed);
  });

  it.each([
    ...[
      "",
      "0",
      "twenty",
      "euler:20",
      "20:sideways",
      "ddpm:",
      "ddpm:1:2",
      "1.5",
      "20:logsnr:below",
    ],
    ...["ddim:20:eta", "ddim:20:eta=2", "ddim:20:eta=x", "ddim:20:eta=1:eta=0", "ddpm:20:eta=1"],
  ])("refuses %s", (text) => {
    expect(() => parseSampling(text)).toThrow(UsageError);
  });
});

/**
 * A sampler is one file and one line. Two samplers of other kinds than the built-in ones are added
 * here, as a program would add its own: one with two network calls a step, one that adds noise
 * again.
 */
import { beforeAll, describe, expect, it } from "vitest";
import {
  parseSampling,
  samplingName,
  samplingOf,
} from "../../evaluation/protocol/sampler-settings.ts";
import { UsageError } from "../../util/errors.ts";
import { registerSampler, samplerSettings, samplers } from "./registry.ts";
import { type SampleOptions, type SamplingStep, sample, sampleSeeds } from "./sample.ts";
import { combine, defineSampler, transitions } from "./sampler.ts";
import { networkCalls, resolveSampler, samplerConfigSchema } from "./sampler-config.ts";
import { numberSetting } from "./settings.ts";

/**
 * Heun's method (Karras et al. 2022, Algorithm 1) on the probability-flow ODE in y / sqrt(gamma):
 *   d(y / sqrt(gamma)) / d sigma = epsilon,   sigma = sqrt((1 - gamma) / gamma).
 * The slope at the next level corrects that of this one. The last step has one call.
 */
const heun = defineSampler({
  name: "heun",
  description: "Heun's second-order method (Karras et al. 2022), two network calls a step",
  settings: {},
  calls: (levels) => 2 * levels - 1,
  async run(denoise, y, levels) {
    const sigma = (gamma: number) => Math.sqrt((1 - gamma) / gamma);
    const slope = (z: Float32Array, y0: Float32Array, gamma: number) =>
      z.map((value, i) => (value - Math.sqrt(gamma) * y0[i]!) / Math.sqrt(1 - gamma));
    let z = y;
    for (const { gamma, nextGamma } of transitions(levels)) {
      const y0 = await denoise(z, gamma, nextGamma);
      if (nextGamma === 1) return y0;
      const h = sigma(nextGamma) - sigma(gamma);
      const scale = Math.sqrt(nextGamma / gamma);
      const first = slope(z, y0, gamma);
      const euler = z.map((value, i) => scale * value + Math.sqrt(nextGamma) * h * first[i]!);
      const second = slope(euler, await denoise(euler.slice(), nextGamma, nextGamma), nextGamma);
      z = z.map((value, i) => {
        const mean = (first[i]! + second[i]!) / 2;
        return scale * value + Math.sqrt(nextGamma) * h * mean;
      });
    }
    return z;
  },
});

/**
 * Multistep consistency sampling (Song et al. 2023, Algorithm 1): y0, then `fresh` of the next
 * level's noise drawn anew; the rest is the noise that was there.
 */
const renoise = defineSampler({
  name: "renoise",
  description: "jumps to y0 and adds noise again, as latent consistency models do",
  settings: {
    fresh: numberSetting({
      ...{ flag: "fresh", description: "share of the noise drawn anew" },
      ...{ min: 0, max: 1, default: 1 },
    }),
  },
  async run(denoise, y, levels, { fresh }, addNoise) {
    for (const { step, gamma, nextGamma } of transitions(levels)) {
      const y0 = await denoise(y, gamma, nextGamma);
      const noisy = Math.sqrt(((1 - fresh * fresh) * (1 - nextGamma)) / (1 - gamma));
      combine(y, noisy, y0, Math.sqrt(nextGamma) - noisy * Math.sqrt(gamma));
      if (nextGamma < 1) addNoise(y, fresh * Math.sqrt(1 - nextGamma), step);
    }
    return y;
  },
});

beforeAll(() => {
  registerSampler(heun);
  registerSampler(renoise);
});

/** Data y ~ N(mu, s^2): E[y | y_t] has a closed form. */
const [mu, s] = [0.3, 0.5];
const expectedClean = (noisy: number, gamma: number) =>
  mu + ((Math.sqrt(gamma) * s * s) / (gamma * s * s + 1 - gamma)) * (noisy - Math.sqrt(gamma) * mu);

function gaussian(
  options: Partial<SampleOptions>,
  side = 8,
  onStep?: (info: SamplingStep) => void,
) {
  return sample(
    {
      shape: [1, 3, side, side],
      prediction: "x0",
      predict: async (noisy, gamma) => noisy.map((value) => expectedClean(value, gamma)),
    },
    { steps: 10, clip: false, seeds: sampleSeeds(1, 1), ...options },
    onStep,
  );
}

describe("a sampler with two network calls a step", () => {
  /** The ODE's exact solution between the first and the last level, read as a clean image there. */
  async function error(sampler: string, steps: number): Promise<number> {
    const gammas: number[] = [];
    const options = { sampler, steps, spacing: "logsnr" } as const;
    const got = await gaussian(options, 8, ({ gamma }) => gammas.push(gamma));
    const [from, to] = [gammas[0]!, gammas.at(-1)!];
    const variance = (gamma: number) => gamma * s * s + 1 - gamma;
    // One call at one level: y_T of the same seed.
    const start = await gaussian({ ...options, steps: 1 });
    const spread = Math.sqrt(variance(to) / variance(from));
    const exact = start.map((y0) => {
      const gain = (Math.sqrt(from) * s * s) / variance(from);
      const centred = (y0 - mu) / gain;
      return expectedClean(Math.sqrt(to) * mu + spread * centred, to);
    });
    return got.reduce((worst, value, i) => Math.max(worst, Math.abs(value - exact[i]!)), 0);
  }

  it("converges with order 2 and tells of every call", async () => {
    const errors = [await error("heun", 40), await error("heun", 80)];
    expect(Math.abs(Math.log2(errors[0]! / errors[1]!) - 2)).toBeLessThan(0.3);
    const told: SamplingStep[] = [];
    await gaussian({ sampler: "heun", steps: 5 }, 8, (info) => told.push(info));
    expect(told.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(told.every(({ steps }) => steps === 9)).toBe(true);
    expect(networkCalls("heun", 5)).toBe(9);
  });
});

describe("a sampler that adds noise again", () => {
  it("takes its own setting, and its samples are the same in any batch", async () => {
    const alone = await gaussian({ sampler: "renoise" });
    expect(alone).toEqual(await gaussian({ sampler: "renoise", ...{ fresh: 1 } }));
    expect(alone).not.toEqual(await gaussian({ sampler: "renoise", ...{ fresh: 0.5 } }));
    expect(await gaussian({ sampler: "renoise", ...{ fresh: 0 } })).toEqual(
      await gaussian({ sampler: "ddim" }),
    );
    expect(alone).not.toEqual(await gaussian({ sampler: "renoise", seeds: sampleSeeds(2, 1) }));
  });

  it("keeps the mean of the data", async () => {
    const values = await gaussian({ sampler: "renoise", steps: 40 }, 64);
    expect(Math.abs(values.reduce((a, b) => a + b, 0) / values.length - mu)).toBeLessThan(0.018);
  });
});

describe("a registered sampler", () => {
  it("is a configuration, in a config.json and in the text of an evaluation", () => {
    const own = { sampler: "renoise", fresh: 0.5, spacing: "time", sigmaMin: 0 };
    expect(samplerConfigSchema.parse({ sampler: "renoise", fresh: 0.5 })).toEqual(own);
    const parsed = parseSampling("renoise:20:logsnr:fresh=0.5");
    expect(samplingName(samplingOf(parsed))).toBe("renoise:20:logsnr:fresh=0.5");
    expect(() => parseSampling("heun:20:fresh=0.5")).toThrow(/fresh is a setting of renoise/);
    expect(() => parseSampling("renoise:20:fresh=2")).toThrow(/from 0 to 1, not 2/);
    expect(() => resolveSampler({ sampler: "heun", eta: 1 })).toThrow(/setting of ddim/);
  });

  it("is listed with the others, with its option", () => {
    expect(samplers.map(({ name }) => name)).toEqual([
      "ddpm",
      "ddim",
      "dpm++",
      "consistency",
      "heun",
      "renoise",
    ]);
    const fresh = samplerSettings().find(({ name }) => name === "fresh");
    expect(fresh).toMatchObject({ setting: { flag: "fresh" }, samplers: ["renoise"] });
  });

  it("needs a name, and names of settings, of its own", () => {
    expect(() => registerSampler(heun)).toThrow(UsageError);
    const clash = { ...heun, name: "other", settings: { sigmaMin: renoise.settings.fresh } };
    expect(() => registerSampler(clash)).toThrow(/setting of all samplers/);
  });
});

/**
 * For data y ~ N(mu, s^2) the best denoiser and the probability-flow ODE have closed forms, so what
 * each sampler must give is known exactly.
 */
import { describe, expect, it } from "vitest";
import { Random } from "../../util/random.ts";
import { type Prediction, predictions, target } from "../parameterization.ts";
import { samplingLevels } from "./levels.ts";
import { type SamplerName, samplers } from "./registry.ts";
import { type SampleOptions, type SamplingProblem, sample, sampleSeeds } from "./sample.ts";

const mu = 0.3;
const s = 0.5;

/** E[y | y_t] = mu + sqrt(gamma) s^2 / (gamma s^2 + 1 - gamma) (y_t - sqrt(gamma) mu) */
function expectedClean(noisy: number, gamma: number): number {
  const gain = (Math.sqrt(gamma) * s * s) / (gamma * s * s + 1 - gamma);
  return mu + gain * (noisy - Math.sqrt(gamma) * mu);
}

function gaussian(size: number, prediction: Prediction = "epsilon"): SamplingProblem {
  const answer = (noisy: Float32Array, gamma: number): Float32Array => {
    const y0 = noisy.map((value) => expectedClean(value, gamma));
    const epsilon = noisy.map(
      (value, i) => (value - Math.sqrt(gamma) * y0[i]!) / Math.sqrt(1 - gamma),
    );
    return target(prediction, y0, epsilon, gamma);
  };
  return {
    shape: [1, 3, size, size],
    prediction,
    predict: async (noisy, gamma) => answer(noisy, gamma),
  };
}

function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

function difference(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

const seeds = sampleSeeds(7, 1);

describe("Gaussian data", () => {
  const cases: [string, Omit<SampleOptions, "seeds">][] = [
    ["ddpm, the paper's walk", { sampler: "ddpm", steps: 1000 }],
    ["ddpm below the trained range", { sampler: "ddpm", steps: 1000, belowTrained: true }],
    ["ddpm, posterior variance", { sampler: "ddpm", steps: 1000, variance: "posterior" }],
    ["ddim", { sampler: "ddim", steps: 400 }],
    ["ddim, eta 0.5", { sampler: "ddim", steps: 400, eta: 0.5 }],
    ["dpm++", { sampler: "dpm++", steps: 100 }],
    ["dpm++, log-SNR", { sampler: "dpm++", steps: 40, spacing: "logsnr" }],
  ];
  it.each(cases)("has its mean and variance after %s", async (_, options) => {
    const result = moments(await sample(gaussian(64), { clip: false, seeds, ...options }));
    // 12,288 values: four standard errors are 0.018 of the mean and 0.013 of the
    // deviation, to which some discretisation comes.
    expect(Math.abs(result.mean - mu)).toBeLessThan(0.018);
    expect(Math.abs(result.deviation - s)).toBeLessThan(0.018);
  });
});

describe("deterministic samplers", () => {
  /**
   * Largest error against the exact solution of the ODE from the first level to the last, read as a
   * clean image there, as the sampler does:
   * y(gamma) = sqrt(gamma) mu + sqrt(V(gamma) / V(gamma_0)) (y_0 - sqrt(gamma_0) mu),
   * V(gamma) = gamma s^2 + 1 - gamma.
   */
  async function error(sampler: SamplerName, steps: number): Promise<number> {
    const options = { sampler, steps, spacing: "logsnr", clip: false, seeds } as const;
    const levels = samplingLevels(options);
    const from = levels[0]!;
    const to = levels[steps - 1]!;
    const variance = (gamma: number): number => gamma * s * s + 1 - gamma;
    const start = Random.from(...seeds[0]!, "start").fillNormal(new Float32Array(3 * 16));
    const exact = start.map((value) => {
      const spread = Math.sqrt(variance(to) / variance(from));
      return expectedClean(Math.sqrt(to) * mu + spread * (value - Math.sqrt(from) * mu), to);
    });
    return difference(await sample(gaussian(4, "x0"), options), exact);
  }

  /** log2 of how much the error shrinks each time the steps are halved in length. */
  function ordersOf(errors: number[]): number[] {
    return errors.slice(1).map((e, i) => Math.log2(errors[i]! / e));
  }

  it("ddim converges to the ODE's solution with order 1", async () => {
    const errors = [await error("ddim", 40), await error("ddim", 80), await error("ddim", 160)];
    for (const order of ordersOf(errors)) expect(Math.abs(order - 1)).toBeLessThan(0.1);
  });

  it("dpm++ converges to the ODE's solution with order 2", async () => {
    const errors = [await error("dpm++", 40), await error("dpm++", 80), await error("dpm++", 160)];
    for (const order of ordersOf(errors)) expect(Math.abs(order - 2)).toBeLessThan(0.1);
    expect(errors[0]!).toBeLessThan(0.1 * (await error("ddim", 40)));
  });
});

describe("equalities", () => {
  it("ddim with eta 1 is ddpm with the posterior variance", async () => {
    for (const steps of [1, 5, 20, 1000]) {
      for (const clip of [false, true]) {
        const common = { steps, clip, seeds } as const;
        const a = await sample(gaussian(8), { ...common, sampler: "ddim", eta: 1 });
        const b = await sample(gaussian(8), { ...common, sampler: "ddpm", variance: "posterior" });
        expect(difference(a, b)).toBeLessThan(2e-5);
      }
    }
  });

  it.each(samplers)("$name gives the same whatever is predicted", async ({ name: sampler }) => {
    for (const clip of [false, true]) {
      const [first, ...others] = await Promise.all(
        predictions.map((p) => sample(gaussian(8, p), { sampler, steps: 30, clip, seeds })),
      );
      for (const other of others) expect(difference(first!, other)).toBeLessThan(1e-4);
    }
  });

  it("one step of any sampler is the estimate at the noisiest level", async () => {
    const results = await Promise.all(
      samplers.map(({ name: sampler }) => sample(gaussian(8), { sampler, steps: 1, seeds })),
    );
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    // Nothing is seen yet at gamma 4.4e-5: the estimate is nearly the mean of the data.
    expect(results[0]!.every((value) => Math.abs(value - mu) < 0.02)).toBe(true);
  });

  it("ddpm is the paper's formula in epsilon", async () => {
    const options = { sampler: "ddpm", steps: 6, clip: false, seeds } as const;
    const levels = samplingLevels(options);
    const { predict } = gaussian(4);
    let y = Random.from(...seeds[0]!, "start").fillNormal(new Float32Array(48));
    for (const [i, gamma] of levels.entries()) {
      const output = await predict(y, gamma, levels[i + 1] ?? 1);
      const isLast = i === levels.length - 1;
      const alpha = gamma / (isLast ? 1 : levels[i + 1]!);
      const z = Random.from(...seeds[0]!, "step", i).fillNormal(new Float32Array(48));
      y = y.map((value, j) => {
        const mean = (value - ((1 - alpha) / Math.sqrt(1 - gamma)) * output[j]!) / Math.sqrt(alpha);
        return mean + (isLast ? 0 : Math.sqrt(1 - alpha) * z[j]!);
      });
    }
    expect(difference(await sample(gaussian(4), options), y)).toBeLessThan(1e-4);
  });
});

import { describe, expect, it } from "vitest";
import { Random } from "../util/random.ts";
import { consistencyStages, consistencyTarget, nearerSigma } from "./consistency.ts";
import { addNoise, cleanFactors, estimateClean, predictions } from "./parameterization.ts";
import { gammaAt } from "./schedule.ts";

describe("the nearer level of consistency tuning", () => {
  it("is half way at first where there is much noise, and clean where there is little", () => {
    expect(nearerSigma(100, 0)).toBeCloseTo(50, 6);
    expect(nearerSigma(0.1, 0)).toBe(0);
  });

  it("halves its distance with each stage and ends 2^-8 away", () => {
    for (let stage = 0; stage < consistencyStages; stage++) {
      const progress = (stage + 0.5) / consistencyStages;
      expect(nearerSigma(64, progress)).toBeCloseTo(64 * (1 - 0.5 ** (stage + 1)), 6);
    }
    expect(nearerSigma(64, 1)).toBe(nearerSigma(64, 0.99));
  });

  it("lies between clean and the level, and never goes back", () => {
    for (const sigma of [0.01, 0.3, 2, 40]) {
      let last = 0;
      for (let progress = 0; progress <= 1; progress += 0.05) {
        const nearer = nearerSigma(sigma, progress);
        expect(nearer).toBeGreaterThanOrEqual(last);
        expect(nearer).toBeLessThan(sigma);
        last = nearer;
      }
    }
  });
});

describe("the target of consistency tuning", () => {
  const random = Random.from("consistency");
  const y = Float32Array.from({ length: 20 }, () => random.between(-1, 1));
  const epsilon = random.fillNormal(new Float32Array(20));
  const output = random.fillNormal(new Float32Array(20));

  it.each(predictions)("makes the two estimates of %s equal", (prediction) => {
    for (const [level, nearerLevel] of [
      [-4, -2],
      [0, 1],
      [3, 5],
    ] as const) {
      const [gamma, nearer] = [gammaAt(level), gammaAt(nearerLevel)];
      const { y: ofY, epsilon: ofEpsilon, pull } = consistencyTarget(prediction, gamma, nearer);
      const target = y.map((value, i) => ofY * value + ofEpsilon * epsilon[i]! + pull * output[i]!);
      const there = estimateClean(prediction, output, addNoise(y, epsilon, nearer), nearer);
      const here = estimateClean(prediction, target, addNoise(y, epsilon, gamma), gamma);
      here.forEach((value, i) => {
        expect(value).toBeCloseTo(there[i]!, 4);
      });
    }
  });

  it.each(predictions)(
    "is that of diffusion where the nearer estimate of %s is exact",
    (prediction) => {
      const [gamma, nearer] = [gammaAt(-1), gammaAt(2)];
      const { noisy, output: factor } = cleanFactors(prediction, nearer);
      const yr = addNoise(y, epsilon, nearer);
      const exact = y.map((value, i) => (value - noisy * yr[i]!) / factor);
      const target = consistencyTarget(prediction, gamma, nearer);
      const pulled = y.map(
        (value, i) => target.y * value + target.epsilon * epsilon[i]! + target.pull * exact[i]!,
      );
      const estimate = estimateClean(prediction, pulled, addNoise(y, epsilon, gamma), gamma);
      estimate.forEach((value, i) => {
        expect(value).toBeCloseTo(y[i]!, 4);
      });
    },
  );
});

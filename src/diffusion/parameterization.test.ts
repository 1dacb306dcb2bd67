import { describe, expect, it } from "vitest";
import { PaletteError, UsageError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { lossWeight } from "./loss-weighting.ts";
import {
  addNoise,
  estimate,
  estimateClean,
  predictions,
  skipFactors,
  target,
} from "./parameterization.ts";
import { inferenceSchedule, smallestGamma, trainingSchedule } from "./schedule.ts";

const random = Random.from("prediction.test");
const y = Float32Array.from({ length: 300 }, () => random.between(-1, 1));
const epsilon = random.fillNormal(new Float32Array(300));

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

describe.each(predictions)("prediction of %s", (prediction) => {
  it.each([0.999999, 0.9, 0.5, 0.01, smallestGamma(trainingSchedule)])(
    "gives y and epsilon back at gamma %d",
    (gamma) => {
      const noisyImage = addNoise(y, epsilon, gamma);
      const output = target(prediction, y, epsilon, gamma);
      const found = estimate(prediction, output, noisyImage, gamma);
      // float32 rounding is magnified by 1/sqrt(gamma) in y0 and by 1/sqrt(1 - gamma) in epsilon.
      expect(largestDifference(found.y0, y)).toBeLessThan(1e-6 / Math.sqrt(gamma));
      expect(largestDifference(found.epsilon, epsilon)).toBeLessThan(1e-6 / Math.sqrt(1 - gamma));
      expect(estimateClean(prediction, output, noisyImage, gamma)).toEqual(found.y0);
    },
  );

  it("stays finite at the end of the inference schedule (gamma 6.6e-21)", () => {
    const gamma = smallestGamma(inferenceSchedule);
    const found = estimate(prediction, y, addNoise(y, epsilon, gamma), gamma);
    expect(found.y0.every(Number.isFinite)).toBe(true);
    expect(found.epsilon.every(Number.isFinite)).toBe(true);
  });
});

describe("the noisy image", () => {
  it("is clean at gamma 1, noise at gamma 0 and keeps unit variance", () => {
    expect(addNoise(y, epsilon, 1)).toEqual(y);
    expect(addNoise(y, epsilon, 0)).toEqual(epsilon);
    const a = Random.from("a").fillNormal(new Float32Array(50_000));
    const b = Random.from("b").fillNormal(new Float32Array(50_000));
    const squares = addNoise(a, b, 0.3, a).reduce((sum, value) => sum + value * value, 0);
    expect(squares / 50_000).toBeCloseTo(1, 1);
  });

  it("refuses arrays of different lengths", () => {
    expect(() => addNoise(y, epsilon.subarray(1), 0.5)).toThrow(PaletteError);
    expect(() => target("epsilon", y, epsilon.subarray(1), 0.5)).toThrow(PaletteError);
    expect(() => estimate("x0", y.subarray(1), y, 0.5)).toThrow(PaletteError);
  });
});

describe("x0-skip", () => {
  it("is x0 at the noisy end and passes y_t when clean, half of each at an SNR of 320", () => {
    expect(skipFactors(0)).toEqual({ skip: 0, share: 1 });
    expect(skipFactors(1)).toEqual({ skip: 1, share: 0 });
    const { skip, share } = skipFactors(320 / 321);
    expect(share).toBeCloseTo(0.5, 12);
    expect(skip * Math.sqrt(320 / 321)).toBeCloseTo(0.5, 12);
  });

  it("has an unbiased estimate: without noise f = y gives y at every level", () => {
    for (const gamma of [0.999, 0.9, 0.1, 1e-4]) {
      const clean = y.map((value) => Math.sqrt(gamma) * value);
      expect(largestDifference(estimateClean("x0-skip", y, clean, gamma), y)).toBeLessThan(1e-6);
    }
  });
});

describe("loss weights", () => {
  it("are 1 for the paper's objective", () => {
    for (const prediction of predictions) expect(lossWeight(prediction, 0.3, "uniform")).toBe(1);
  });

  it("are min(8, 1/(1-gamma)) for x0 and the same objective for v and x0-skip", () => {
    expect(lossWeight("x0", 0.5, "min-snr")).toBe(2);
    expect(lossWeight("x0", 0.875, "min-snr")).toBe(8);
    expect(lossWeight("x0", 0.9999, "min-snr")).toBe(8);
    for (const gamma of [1e-4, 0.1, 0.5, 0.8, 0.95, 0.9999]) {
      // A network whose y0 is 0.1 off has, for the same y_t, another epsilon and so another v.
      const wrongY = y.map((value) => value + 0.1);
      const wrongEpsilon = epsilon.map((e) => e - (0.1 * Math.sqrt(gamma)) / Math.sqrt(1 - gamma));
      for (const prediction of ["v", "x0-skip"] as const) {
        const wrong = target(prediction, wrongY, wrongEpsilon, gamma);
        const right = target(prediction, y, epsilon, gamma);
        const error = wrong.reduce((sum, f, i) => sum + (f - right[i]!) ** 2, 0) / y.length;
        const weighted = lossWeight(prediction, gamma, "min-snr") * error;
        expect(weighted / (lossWeight("x0", gamma, "min-snr") * 0.01)).toBeCloseTo(1, 3);
      }
    }
  });

  it("are (1 + 25 SNR)^0.4 of the clean image's error when balanced, and never for epsilon", () => {
    expect(lossWeight("x0", 0.5, "balanced")).toBeCloseTo(26 ** 0.4, 12);
    expect(lossWeight("v", 0.5, "balanced")).toBeCloseTo(0.5 * 26 ** 0.4, 12);
    expect(lossWeight("x0-skip", 320 / 321, "balanced")).toBeCloseTo(0.25 * 8001 ** 0.4, 9);
    expect(() => lossWeight("epsilon", 0.5, "balanced")).toThrow(UsageError);
  });

  it("are the square roots of these for an L1 loss", () => {
    for (const [prediction, weighting] of [
      ["v", "balanced"],
      ["x0-skip", "min-snr"],
      ["epsilon", "uniform"],
    ] as const) {
      const ofSquare = lossWeight(prediction, 0.9, weighting);
      expect(lossWeight(prediction, 0.9, weighting, 1)).toBeCloseTo(Math.sqrt(ofSquare), 12);
    }
  });

  it("never exceed 1 for epsilon and lower the nearly clean levels", () => {
    expect(lossWeight("epsilon", 4.4e-5, "min-snr")).toBe(1);
    expect(lossWeight("epsilon", 8 / 9, "min-snr")).toBeCloseTo(1, 12);
    expect(lossWeight("epsilon", 16 / 17, "min-snr")).toBeCloseTo(0.5, 12);
  });
});

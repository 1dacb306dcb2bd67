import { describe, expect, it } from "vitest";
import { adamStep, clipScale, sumGradients } from "./optimizer.ts";

function state(parameters: number[]) {
  const length = parameters.length;
  return {
    parameters: Float32Array.from(parameters),
    ema: Float32Array.from(parameters),
    m: new Float32Array(length),
    v: new Float32Array(length),
  };
}

describe("Adam", () => {
  it("takes the steps worked out by hand for one weight", () => {
    // Learning rate 0.1, gradients 2, -1, 0.5; by Algorithm 1 of Kingma & Ba, by hand:
    //   m: 0.2, 0.08, 0.122                    v: 0.004, 0.004996, 0.005241004
    //   m/(1-0.9^t): 2, 0.4210526, 0.4501845   v/(1-0.999^t): 4, 2.4992496, 1.7487516
    //   steps: 0.1, 0.0266338, 0.0340426
    const weights = state([1]);
    const expected = [0.9, 0.8733662, 0.8393236];
    [2, -1, 0.5].forEach((gradient, i) => {
      const options = { step: i + 1, learningRate: 0.1, emaDecay: 0.9, scale: 1 };
      adamStep(weights, Float32Array.of(gradient), options, 0, 1);
      expect(weights.parameters[0]).toBeCloseTo(expected[i]!, 6);
    });
    expect(weights.m[0]).toBeCloseTo(0.122, 7);
    expect(weights.v[0]).toBeCloseTo(0.005241004, 9);
  });

  it("moves by the learning rate at the first step, whatever the gradient's size", () => {
    const weights = state([0, 0, 0]);
    const gradient = Float32Array.of(1e-4, 3, -1e4);
    adamStep(weights, gradient, { step: 1, learningRate: 0.01, emaDecay: 0, scale: 1 }, 0, 3);
    expect(weights.parameters[0]).toBeCloseTo(-0.01, 5);
    expect(weights.parameters[1]).toBeCloseTo(-0.01, 7);
    expect(weights.parameters[2]).toBeCloseTo(0.01, 7);
  });

  it("leaves a weight without gradient where it is", () => {
    const weights = state([0.25]);
    const options = { step: 1, learningRate: 0.01, emaDecay: 0.5, scale: 1 };
    adamStep(weights, Float32Array.of(0), options, 0, 1);
    expect(weights.parameters[0]).toBe(0.25);
    expect(weights.ema[0]).toBe(0.25);
  });

  it("sees the gradient times the scale", () => {
    const [scaled, direct] = [state([1, -1]), state([1, -1])];
    const options = { step: 1, learningRate: 0.01, emaDecay: 0.9 };
    adamStep(scaled, Float32Array.of(4, -8), { ...options, scale: 0.25 }, 0, 2);
    adamStep(direct, Float32Array.of(1, -2), { ...options, scale: 1 }, 0, 2);
    expect(scaled).toEqual(direct);
  });

  it("changes its part of the vectors only", () => {
    const weights = state([1, 1, 1, 1]);
    const options = { step: 1, learningRate: 0.5, emaDecay: 0, scale: 1 };
    adamStep(weights, new Float32Array(4).fill(1), options, 1, 3);
    expect(weights.parameters[0]).toBe(1);
    expect(weights.parameters[1]).toBeCloseTo(0.5, 6);
    expect(weights.parameters[2]).toBeCloseTo(0.5, 6);
    expect(weights.parameters[3]).toBe(1);
    expect([...weights.m].map((value) => value !== 0)).toEqual([false, true, true, false]);
  });
});

describe("the moving average", () => {
  it("is decay times the old average plus the rest of the new weight", () => {
    const weights = state([1]);
    weights.ema[0] = 3;
    const options = { step: 1, learningRate: 0.1, emaDecay: 0.75, scale: 1 };
    adamStep(weights, Float32Array.of(1), options, 0, 1);
    expect(weights.parameters[0]).toBeCloseTo(0.9, 6);
    expect(weights.ema[0]).toBeCloseTo(0.75 * 3 + 0.25 * 0.9, 6);
  });
});

describe("clipping by the global norm", () => {
  it("brings a longer gradient to the clip and leaves a shorter one alone", () => {
    expect(clipScale(10, 1)).toBe(0.1);
    expect(clipScale(0.5, 1)).toBe(1);
    expect(clipScale(0, 1)).toBe(1);
    expect(clipScale(1e30, Number.POSITIVE_INFINITY)).toBe(1);
  });
});

describe("the sum of gradients", () => {
  it("lands in the first, on its part only, and returns the sum of the squares", () => {
    const gradients = [Float32Array.of(1, 2, 3, 4), Float32Array.of(10, 20, 30, 40)];
    expect(sumGradients(gradients, 1, 3)).toBe(22 ** 2 + 33 ** 2);
    expect([...gradients[0]!]).toEqual([1, 22, 33, 4]);
    expect([...gradients[1]!]).toEqual([10, 20, 30, 40]);
  });

  it("is not finite as soon as one number is not", () => {
    expect(sumGradients([Float32Array.of(1, Number.NaN)], 0, 2)).toBeNaN();
    const infinite = [Float32Array.of(1, Number.NEGATIVE_INFINITY)];
    expect(sumGradients(infinite, 0, 2)).toBe(Number.POSITIVE_INFINITY);
  });
});

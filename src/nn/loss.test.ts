import { describe, expect, it } from "vitest";
import { numbers } from "../../test/support/differentiation.ts";
import { pixelWeights } from "../diffusion/loss-weighting.ts";
import { Graph, grad, interpret, reduceSum } from "../graph/index.ts";
import { createMask } from "../image/image.ts";
import { imageLoss, losses } from "./loss.ts";

const [channels, side] = [3, 4];
const pixels = side * side;
const error = numbers([2, channels, side, side], [-1, 1], "error");
const factors = [0.3, 0.05];
const mask = createMask(side, side);
mask.data.fill(1, 3, 9);

/** The losses of two images and their gradients; the second is masked. */
function evaluated(loss: (typeof losses)[number], values = error, hole = mask) {
  const graph = new Graph();
  const input = graph.input("error", [2, channels, side, side]);
  const weight = graph.input("weight", [2, 1, side, side]);
  const each = imageLoss(input, weight, loss);
  const [gradient] = grad(reduceSum(each, [0]), [input]);
  const weights = new Float32Array(2 * pixels);
  pixelWeights(undefined, side, side, factors[0]!, weights.subarray(0, pixels));
  pixelWeights(hole, side, side, factors[1]!, weights.subarray(pixels));
  const [found, slope] = interpret([each, gradient!], { error: values, weight: weights });
  return { found: found!, slope: slope! };
}

/** The mean of |error|^power over an image's counted values. */
function meanPower(image: number, power: number): number {
  const counted = Array.from(error.subarray(image * 3 * pixels, (image + 1) * 3 * pixels)).filter(
    (_, i) => image === 0 || mask.data[i % pixels] === 1,
  );
  return counted.reduce((sum, value) => sum + Math.abs(value) ** power, 0) / counted.length;
}

describe("the loss of an image", () => {
  it("is the factor times the mean of |error| or of its square, or the root of that", () => {
    for (const [k, factor] of factors.entries()) {
      expect(evaluated("l1").found[k]).toBeCloseTo(factor * meanPower(k, 1), 6);
      expect(evaluated("l2").found[k]).toBeCloseTo(factor * meanPower(k, 2), 6);
      expect(evaluated("rms").found[k]).toBeCloseTo(factor * Math.sqrt(meanPower(k, 2)), 6);
    }
  });

  it("with rms pulls at each image alike, and along its error", () => {
    const { slope } = evaluated("rms");
    const strengthOf = (image: number) =>
      Math.hypot(...slope.subarray(image * 3 * pixels, (image + 1) * 3 * pixels));
    // factor / sqrt(counted values)
    expect(strengthOf(0)).toBeCloseTo(0.3 / Math.sqrt(3 * pixels), 6);
    expect(strengthOf(1)).toBeCloseTo(0.05 / Math.sqrt(3 * 6), 6);
    expect(slope[0]! / error[0]!).toBeCloseTo(slope[5]! / error[5]!, 5);
  });

  it.each(losses)("of no error, or of no counted pixel, has a finite gradient: %s", (loss) => {
    const { found, slope } = evaluated(loss, new Float32Array(error.length));
    for (const value of [...found, ...slope]) expect(Math.abs(value)).toBeLessThan(1e-5);
    const empty = evaluated(loss, error, createMask(side, side));
    expect(empty.found[1]).toBeLessThan(1e-5);
    expect(empty.slope.subarray(3 * pixels).every((value) => value === 0)).toBe(true);
  });
});

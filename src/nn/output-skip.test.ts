import { describe, expect, it } from "vitest";
import { largestDifference, numbers } from "../../test/support/differentiation.ts";
import { Graph, interpret } from "../graph/index.ts";
import { outputSkip, outputsPerChannel } from "./output-skip.ts";

const [channels, height, width] = [3, 9, 12];
const laplacian = { outputSkip: "laplacian" } as const;
const pixels = height * width;
const picture = [1, channels, height, width];
const source = numbers(picture, [-1, 1], "source");
const noisy = numbers(picture, [-1, 1], "noisy");

/** The output where part `k` of the last convolution's is 1 in every colour, all others 0. */
function withOpen(open: Record<number, number>): Float64Array {
  const graph = new Graph();
  const parts = outputsPerChannel(laplacian);
  const made = graph.input("made", [1, parts * channels, height, width]);
  const inputs = { source: graph.input("source", picture), noisy: graph.input("noisy", picture) };
  const output = outputSkip(made, inputs, laplacian);
  const gates = new Float64Array(parts * channels * pixels);
  for (const [part, share] of Object.entries(open)) {
    const first = Number(part) * channels * pixels;
    gates.fill(share, first, first + channels * pixels);
  }
  return interpret([output], { made: gates, source, noisy })[0]!;
}

/** Means with weights 1/4, 1/2, 1/4 at -distance, 0, distance, over the pixels that exist. */
function smoothed(values: ArrayLike<number>, distance: number): Float64Array {
  return Float64Array.from(values, (_, i) => {
    const [plane, y, x] = [Math.floor(i / pixels), Math.floor(i / width) % height, i % width];
    let [sum, weights] = [0, 0];
    for (const dy of [-1, 0, 1]) {
      for (const dx of [-1, 0, 1]) {
        const [row, column] = [y + dy * distance, x + dx * distance];
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        const weight = 2 ** -(2 + Math.abs(dy) + Math.abs(dx));
        sum += weight * values[plane * pixels + row * width + column]!;
        weights += weight;
      }
    }
    return sum / weights;
  });
}

function minus(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  return Float64Array.from(a, (value, i) => value - b[i]!);
}

describe("a Laplacian output skip", () => {
  it("passes the source and y_t whole when all their gates are open as wide", () => {
    const both = source.map((value, i) => 0.75 * value - 0.5 * noisy[i]!);
    const gates = Object.fromEntries([1, 2, 3, 4].map((k) => [k, 0.75]));
    const more = Object.fromEntries([5, 6, 7, 8].map((k) => [k, -0.5]));
    const found = withOpen({ ...gates, ...more });
    expect(largestDifference(found, both)).toBeLessThan(1e-6);
  });

  it("passes details of three sizes and the rest, to the border", () => {
    for (const [first, picture] of [
      [1, source],
      [5, noisy],
    ] as const) {
      const once = smoothed(picture, 1);
      const twice = smoothed(once, 2);
      const thrice = smoothed(twice, 4);
      const bands = [minus(picture, once), minus(once, twice), minus(twice, thrice), thrice];
      for (const [k, expected] of bands.entries()) {
        const found = withOpen({ [first + k]: 1 });
        expect(largestDifference(found, expected)).toBeLessThan(1e-6);
      }
    }
  });

  it("has a gate of its own for brightness", () => {
    const graph = new Graph();
    const made = graph.input("made", [1, 9 * channels, height, width]);
    const inputs = { source: graph.input("source", picture), noisy: graph.input("noisy", picture) };
    const output = outputSkip(made, inputs, laplacian);
    // Of all bands of the source the brightness; of those of y_t the two differences of colours.
    const gates = new Float64Array(9 * channels * pixels);
    for (let part = 1; part <= 8; part++) {
      const [from, to] = part <= 4 ? [0, 1] : [1, 3];
      gates.fill(1, (channels * part + from) * pixels, (channels * part + to) * pixels);
    }
    const [found] = interpret([output], { made: gates, source, noisy });
    const gray = (values: ArrayLike<number>, i: number) =>
      [0, 1, 2].reduce((sum, c) => sum + values[c * pixels + (i % pixels)]! / 3, 0);
    const expected = source.map((_, i) => gray(source, i) + noisy[i]! - gray(noisy, i));
    expect(largestDifference(found!, expected)).toBeLessThan(1e-6);
  });
});

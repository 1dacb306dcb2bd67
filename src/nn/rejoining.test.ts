import { describe, expect, it } from "vitest";
import { largestDifference, numbers } from "../../test/support/differentiation.ts";
import { Graph, interpret } from "../graph/index.ts";
import { outputsAChannel, passThrough } from "./pass-through.ts";
import { bandsFromGated } from "./rejoining.ts";

const channels = 3;
const picture = [1, channels, 8, 8];
const pixels = 64;
const source = numbers(picture, [-1, 1], "source");
const noisy = numbers(picture, [-1, 1], "noisy");

/** The output of a last convolution of 1x1 whose weights are `rows`, an output channel of `features` beside another. */
function outputOf(
  rejoin: "gated" | "bands",
  rows: Float32Array,
  features: Float32Array,
  pictures = { source, noisy },
): Float64Array {
  const graph = new Graph();
  const outputs = outputsAChannel({ rejoin }) * channels;
  const made = Float64Array.from({ length: outputs * pixels }, (_, i) => {
    const row = Math.floor(i / pixels) * 4;
    return [0, 1, 2, 3].reduce(
      (sum, k) => sum + rows[row + k]! * features[k * pixels + (i % pixels)]!,
      0,
    );
  });
  const maps = graph.input("made", [1, outputs, 8, 8]);
  const inputs = { source: graph.input("source", picture), noisy: graph.input("noisy", picture) };
  return interpret([passThrough(maps, inputs, { rejoin })], { made, ...pictures })[0]!;
}

describe("gates for bands made of gates for whole pictures", () => {
  const features = Float32Array.from(numbers([4, 8, 8], [-1, 1], "features"));
  const made = numbers([channels * 4], [-1, 1], "picture");
  const gates = numbers([2 * channels * 4], [-1, 1], "gates");

  it("do the same where a gate is as wide for all colours", () => {
    const alike = gates.map(
      (_, i) => gates[Math.floor(i / (channels * 4)) * channels * 4 + (i % 4)]!,
    );
    const rows = Float32Array.from([...made, ...alike]);
    const bands = bandsFromGated(rows, { channels, stem: 1 });
    expect(bands.length).toBe(outputsAChannel({ rejoin: "bands" }) * channels * 4);
    const found = outputOf("bands", bands, features);
    expect(largestDifference(found, outputOf("gated", rows, features))).toBeLessThan(1e-5);
  });

  it("are the colours' mean where they differ: brightness keeps its gate in a gray picture", () => {
    const rows = Float32Array.from([...made.map(() => 0), ...gates]);
    const mean = gates.map((_, i) => {
      const first = Math.floor(i / (channels * 4)) * channels * 4 + (i % 4);
      return (gates[first]! + gates[first + 4]! + gates[first + 8]!) / 3;
    });
    const alike = Float32Array.from([...made.map(() => 0), ...mean]);
    const brightness = (output: Float64Array) =>
      Float64Array.from(
        { length: pixels },
        (_, i) => output[i]! + output[i + 64]! + output[i + 128]!,
      );
    const gray = (values: Float32Array) => values.map((_, i) => values[i % pixels]!);
    const grays = { source: gray(source), noisy: gray(noisy) };
    const found = outputOf("bands", bandsFromGated(rows, { channels, stem: 1 }), features, grays);
    const expected = outputOf("gated", alike, features, grays);
    expect(largestDifference(brightness(found), brightness(expected))).toBeLessThan(1e-5);
  });

  it("keep the pixels of a stem apart", () => {
    const rows = Float32Array.from(
      { length: 9 * 4 * 5 },
      (_, i) => (i % 20) + 100 * Math.floor(i / 60),
    );
    const bands = bandsFromGated(rows, { channels, stem: 2 });
    // Gates: the weights of the mean sum to one, so that a number of all colours stays.
    const gate = bands.subarray(60, 80);
    expect(
      largestDifference(
        gate,
        Float64Array.from({ length: 20 }, (_, i) => 100 + i),
      ),
    ).toBeLessThan(1e-4);
    expect(() => bandsFromGated(rows.subarray(1), { channels, stem: 2 })).toThrow(RangeError);
  });
});

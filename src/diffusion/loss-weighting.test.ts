import { describe, expect, it } from "vitest";
import { PaletteError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { pasteKnown } from "./known-pixels.ts";
import { pixelWeights } from "./loss-weighting.ts";

const random = Random.from("loss.test");
const width = 7;
const height = 5;
const error = Float64Array.from({ length: 3 * width * height }, () => random.normal() ** 2);

/** sum(weight * error) over 3 channels, as the training graph computes it. */
function weighted(weights: Float32Array): number {
  return error.reduce((sum, value, i) => sum + value * weights[i % (width * height)]!, 0);
}

describe("pixel weights", () => {
  it("make the sum over all pixels and channels the mean times the factor", () => {
    const mean = error.reduce((sum, value) => sum + value, 0) / error.length;
    expect(weighted(pixelWeights(undefined, width, height, 0.25))).toBeCloseTo(0.25 * mean, 6);
  });

  it("count masked pixels only, and average over them", () => {
    const data = Float32Array.from({ length: width * height }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const counted = error.filter((_, i) => data[i % (width * height)] === 1);
    const mean = counted.reduce((sum, value) => sum + value, 0) / counted.length;
    const out = new Float32Array(width * height).fill(9);
    expect(pixelWeights({ width, height, data }, width, height, 2, out)).toBe(out);
    expect(weighted(out)).toBeCloseTo(2 * mean, 5);
  });

  it("are zero when nothing is to be filled", () => {
    const mask = { width, height, data: new Float32Array(width * height) };
    expect(pixelWeights(mask, width, height, 1).every((value) => value === 0)).toBe(true);
  });

  it("refuse a mask of another size", () => {
    const mask = { width: height, height: width, data: new Float32Array(width * height) };
    expect(() => pixelWeights(mask, width, height, 1)).toThrow(PaletteError);
    expect(() => pixelWeights(undefined, width, height, 1, new Float32Array(3))).toThrow(
      PaletteError,
    );
  });
});

describe("known pixels", () => {
  it("replace all channels where the mask is 0, sample by sample", () => {
    const values = Float32Array.from({ length: 8 }, (_, i) => i);
    const data = Float32Array.from({ length: 8 }, (_, i) => 10 + i);
    // Two samples of two channels and two pixels.
    pasteKnown(values, { data, mask: Float32Array.of(0, 1, 1, 0) }, 2, 2);
    expect([...values]).toEqual([10, 1, 12, 3, 4, 15, 6, 17]);
    expect(() => pasteKnown(values, { data, mask: new Float32Array(2) }, 2, 2)).toThrow(
      PaletteError,
    );
  });
});

import { describe, expect, it } from "vitest";
import { Random } from "../util/random.ts";
import { createImage } from "./image.ts";
import { box, cubic, lanczos3, linear, resample } from "./resample.ts";

const kernels = { box, linear, lanczos3 };

function noise(width: number, height: number) {
  const image = createImage(width, height);
  const random = Random.from("resample", width, height);
  return { ...image, data: image.data.map(() => random.between(-1, 1)) };
}

describe("resampling", () => {
  it.each(Object.entries(kernels))("keeps a flat picture flat with %s", (_, kernel) => {
    for (const [width, height] of [
      [7, 5],
      [16, 16],
      [61, 40],
    ] as const) {
      const { data } = resample(createImage(16, 12, 0.25), width, height, kernel);
      expect(data).toHaveLength(3 * width * height);
      for (const value of data) expect(value).toBeCloseTo(0.25, 6);
    }
  });

  it("is the mean of each block when a box shrinks by a whole number", () => {
    const image = noise(12, 8);
    const small = resample(image, 3, 2, box);
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let y = 4; y < 8; y++)
        for (let x = 8; x < 12; x++) sum += image.data[(c * 8 + y) * 12 + x]!;
      expect(small.data[c * 6 + 5]).toBeCloseTo(sum / 16, 6);
    }
  });

  it("is itself at its own size, and repeats pixels when a box enlarges", () => {
    const image = noise(6, 5);
    for (const kernel of Object.values(kernels)) {
      const same = resample(image, 6, 5, kernel);
      same.data.forEach((value, i) => void expect(value).toBeCloseTo(image.data[i]!, 6));
    }
    const large = resample(image, 12, 10, box);
    for (let y = 0; y < 10; y++)
      for (let x = 0; x < 12; x++)
        expect(large.data[y * 12 + x]).toBe(image.data[(y >> 1) * 6 + (x >> 1)]);
  });

  it("interpolates a ramp linearly away from the edges", () => {
    const ramp = createImage(10, 2);
    ramp.data.forEach((_, i) => {
      ramp.data[i] = (i % 10) / 10;
    });
    const { data } = resample(ramp, 20, 2, linear);
    for (let x = 1; x < 19; x++) expect(data[x]).toBeCloseTo((x - 0.5) / 20, 6);
  });

  it("samples the middle of a cell, or its corner at phase 0", () => {
    const ramp = createImage(16, 16);
    for (let i = 0; i < ramp.data.length; i++) ramp.data[i] = (i % 16) / 16;
    for (const [phase, offset] of [
      [0.5, -0.25],
      [0, -0.5],
    ] as const) {
      const { data } = resample(ramp, 32, 32, cubic, phase);
      // A cubic filter keeps a straight line; near the edges its taps are cut.
      for (let x = 6; x < 26; x++) expect(data[32 * 10 + x]).toBeCloseTo((x / 2 + offset) / 16, 6);
    }
  });

  it("keeps a wave that both sizes can hold with lanczos3, and drops one that the smaller cannot", () => {
    const wave = (width: number, period: number) => {
      const image = createImage(width, 4);
      const data = image.data.map((_, i) => Math.cos((2 * Math.PI * ((i % width) + 0.5)) / period));
      return { ...image, data };
    };
    const apart = (period: number, from: number, to: number) => {
      const got = resample(wave(from, period), to, 4, lanczos3).data;
      const expected = wave(to, (period * to) / from).data;
      let worst = 0;
      for (let x = 12; x < to - 12; x++) worst = Math.max(worst, Math.abs(got[x]! - expected[x]!));
      return worst;
    };
    expect(apart(16, 64, 128)).toBeLessThan(0.01);
    expect(apart(16, 128, 64)).toBeLessThan(0.03);
    // 3 pixels a period are 1.5 after halving: less than the 2 that a wave needs.
    const fine = resample(wave(128, 3), 64, 4, lanczos3).data;
    for (let x = 12; x < 52; x++) expect(Math.abs(fine[x]!)).toBeLessThan(0.15);
  });

  it("refuses sides that are no whole numbers", () => {
    expect(() => resample(createImage(4, 4), 0, 4, box)).toThrow(/at least 1 pixel/);
    expect(() => resample(createImage(4, 4), 2.5, 4, box)).toThrow(/at least 1 pixel/);
  });
});

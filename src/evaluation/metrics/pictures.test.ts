import { describe, expect, it } from "vitest";
import { fromBytes } from "../../image/image.ts";
import { UsageError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import { diversityMsSsim } from "./diversity.ts";
import { psnr } from "./psnr.ts";
import { msSsim, scaleWeights, ssim } from "./ssim.ts";

const square = (side: number, channels = 3) => ({ width: side, height: side, channels });
/** Smooth waves with noise of the given strength. */
function picture(side: number, noise: number, seed = 1): Uint8Array {
  const random = Random.from(seed, "picture");
  return Uint8Array.from({ length: 3 * side * side }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const wave = Math.sin((pixel % side) / 4) + Math.cos(Math.floor(pixel / side) / 6 + (i % 3));
    return Math.max(0, Math.min(255, 128 + 40 * wave + noise * random.normal()));
  });
}
/** One channel averaged over 2 x 2 pixels. */
function half(plane: Float64Array, side: number): Float64Array {
  const small = side / 2;
  return Float64Array.from({ length: small * small }, (_, i) => {
    const at = 2 * Math.floor(i / small) * side + 2 * (i % small);
    return (plane[at]! + plane[at + 1]! + plane[at + side]! + plane[at + side + 1]!) / 4;
  });
}
/** SSIM and its contrast and structure by the definition, window by window, for range 255. */
function factors(a: Float64Array, b: Float64Array, side: number) {
  const windows = Array.from({ length: (side - 10) ** 2 }, (_, w) => {
    const corner = Math.floor(w / (side - 10)) * side + (w % (side - 10));
    const at = (i: number) => corner + Math.floor(i / 11) * side + (i % 11);
    const weights = Array.from({ length: 121 }, (_, i) =>
      Math.exp(-(((i % 11) - 5) ** 2 + (Math.floor(i / 11) - 5) ** 2) / 4.5),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const mean = (of: (at: number) => number) =>
      weights.reduce((sum, weight, i) => sum + weight * of(at(i)), 0) / total;
    const [ma, mb] = [mean((p) => a[p]!), mean((p) => b[p]!)];
    const variances = mean((p) => (a[p]! - ma) ** 2 + (b[p]! - mb) ** 2);
    const covariance = mean((p) => (a[p]! - ma) * (b[p]! - mb));
    const structure = (2 * covariance + 7.65 ** 2) / (variances + 7.65 ** 2);
    const luminance = (2 * ma * mb + 2.55 ** 2) / (ma * ma + mb * mb + 2.55 ** 2);
    return { whole: structure * luminance, structure };
  });
  const mean = (of: (window: { whole: number; structure: number }) => number) =>
    windows.reduce((sum, window) => sum + of(window), 0) / windows.length;
  return { whole: mean((w) => w.whole), structure: mean((w) => w.structure) };
}

describe("psnr", () => {
  it("of a difference of 1 everywhere is 20 log10(255); of equal pictures Infinity", () => {
    const a = picture(16, 10).map((value) => Math.min(value, 254));
    const b = a.map((value) => value + 1);
    expect(psnr(a, b, square(16))).toBeCloseTo(20 * Math.log10(255), 10);
    expect(psnr(a, a, square(16))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("ssim", () => {
  it("of equal pictures is 1 and falls with noise", () => {
    const clean = picture(32, 0);
    const values = [0, 5, 20, 60].map((noise) => ssim(clean, picture(32, noise), square(32)));
    expect(values[0]).toBeCloseTo(1, 12);
    expect(values).toEqual([...values].sort((x, y) => y - x));
    expect(values[3]).toBeLessThan(0.5);
  });

  it("of two flat pictures is the luminance term", () => {
    const [x, y, c1] = [100, 150, 2.55 ** 2];
    const flat = (value: number) => new Uint8Array(12 * 12).fill(value);
    const expected = (2 * x * y + c1) / (x * x + y * y + c1);
    expect(ssim(flat(x), flat(y), square(12, 1))).toBeCloseTo(expected, 10);
  });

  it("is the formula in every window that lies inside", () => {
    const random = Random.from(9);
    const [a, b] = [0, 1].map(() =>
      Uint8Array.from({ length: 14 * 14 }, () => random.integer(0, 255)),
    ) as [Uint8Array, Uint8Array];
    const expected = factors(Float64Array.from(a), Float64Array.from(b), 14).whole;
    expect(ssim(a, b, square(14, 1))).toBeCloseTo(expected, 10);
  });

  it("wants pictures of a kind, of the size and not too small", () => {
    const a = picture(16, 0);
    const floats = fromBytes(a, 16, 16).data;
    expect(() => ssim(a, floats, square(16))).toThrow(UsageError);
    expect(() => ssim(a, a, square(17))).toThrow("17x17 picture of 3 channels");
    expect(() => ssim(a, a, { width: 10, height: 20 })).toThrow("at least 11x11");
    const broken = floats.slice().fill(Number.NaN, 5, 6);
    expect(() => psnr(floats, broken, square(16))).toThrow("not a number");
  });
});

describe("planar floats", () => {
  it("give the numbers of the bytes in planar order", () => {
    const [a, b] = [picture(24, 3), picture(24, 30)];
    const planar = (bytes: Uint8Array) => fromBytes(bytes, 24, 24).data;
    // Only PSNR's: that 0 is middle gray and not black changes the luminance term of SSIM.
    expect(psnr(planar(a), planar(b), square(24))).toBeCloseTo(psnr(a, b, square(24)), 4);
  });
});

describe("msSsim", () => {
  it("takes as many scales as the window fits, all 5 from 176 pixels", () => {
    const scales = [11, 21, 22, 43, 44, 64, 87, 88, 175, 176, 1000].map(
      (side) => scaleWeights(square(side)).length,
    );
    expect(scales).toEqual([1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5]);
    expect(scaleWeights(square(176))[0]).toBeCloseTo(0.0448, 4);
    expect(scaleWeights(square(64)).reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12);
  });

  it("of one scale is ssim; of equal pictures 1; alike both ways round", () => {
    const [a, b] = [picture(64, 2), picture(64, 25)];
    const small = [picture(16, 2), picture(16, 25)] as const;
    expect(msSsim(...small, square(16))).toBeCloseTo(ssim(...small, square(16)), 12);
    expect(msSsim(a, a, square(64))).toBeCloseTo(1, 12);
    expect(msSsim(a, b, square(64))).toBeCloseTo(msSsim(b, a, square(64)), 12);
    expect(msSsim(a, b, square(64))).toBeLessThan(1);
  });

  it("is the contrast and structure of each scale and the luminance of the last, weighted", () => {
    // Planes of one window: 22 pixels make two scales, and 12 x 12 means of the first and the one
    // mean of the second are written out here without separating rows and columns.
    const side = 22;
    const [a, b] = [picture(side, 20), picture(side, 60)].map((rgb) =>
      Float64Array.from({ length: side * side }, (_, i) => rgb[3 * i]!),
    ) as [Float64Array, Float64Array];
    const [fine, coarse] = scaleWeights(square(side, 1)) as [number, number];
    const structure = factors(a, b, side).structure;
    const last = factors(half(a, side), half(b, side), side / 2).whole;
    const bytes = [Uint8Array.from(a), Uint8Array.from(b)] as const;
    expect(msSsim(...bytes, square(side, 1))).toBeCloseTo(structure ** fine * last ** coarse, 10);
    expect(fine / coarse).toBeCloseTo(0.0448 / 0.2856, 12);
  });

  it("of a picture and its negative is 0, not a root of a negative number", () => {
    const a = fromBytes(picture(64, 10), 64, 64).data.map((value) => value - 0.1);
    expect(
      msSsim(
        a,
        a.map((value) => -value),
        square(64),
      ),
    ).toBe(0);
  });
});

describe("diversityMsSsim", () => {
  it("compares the first sample with each of the others", () => {
    const [a, b, c] = [picture(64, 10), picture(64, 10, 2), picture(64, 40, 3)];
    const size = square(64);
    const expected = (msSsim(a, b, size) + msSsim(a, c, size)) / 2;
    expect(diversityMsSsim([a, b, c], size)).toBeCloseTo(expected, 12);
    expect(diversityMsSsim([a, a, a], size)).toBeCloseTo(1, 12);
    expect(() => diversityMsSsim([a], size)).toThrow("at least 2 samples");
  });
});

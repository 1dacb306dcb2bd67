import { describe, expect, it } from "vitest";
import { Random } from "../../util/random.ts";
import {
  classificationAccuracy,
  classificationHits,
  inceptionScore,
  inceptionScoreResampler,
} from "./inception-score.ts";
import { kernelDistance, kernelReference, kernelResampler } from "./kid.ts";
import { kernelDistanceAsync } from "./kid-subsets.ts";
import { consecutiveDistance, perceptualDistance, perceptualDistances } from "./perceptual.ts";

const normal = (name: string, length: number) =>
  Random.from(3, name).fillNormal(new Float32Array(length));
const everyRow = (n: number) => Int32Array.from({ length: n }, (_, i) => i);
const oneHot = (n: number, classes: number) => {
  const rows = new Float32Array(n * classes);
  for (let i = 0; i < n; i++) rows[i * classes + (i % classes)] = 1;
  return rows;
};

describe("kernelDistance", () => {
  it("of two pairs in one dimension is the sum written out", () => {
    const k = (x: number, y: number) => (x * y + 1) ** 3;
    const expected = k(1, 2) + k(3, 5) - (k(1, 3) + k(1, 5) + k(2, 3) + k(2, 5)) / 2;
    expect(kernelDistance(Float32Array.of(1, 2), Float32Array.of(3, 5), 1)).toBeCloseTo(
      expected,
      9,
    );
  });

  it("is unbiased: its mean over pairs of samples of one distribution is 0 at any N", () => {
    const dim = 8;
    const values = Array.from({ length: 400 }, (_, k) =>
      kernelDistance(normal(`a${k}`, 10 * dim), normal(`b${k}`, 10 * dim), dim),
    );
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    const error = Math.sqrt(squares / 399 / 400);
    expect(Math.abs(mean)).toBeLessThan(3 * error);
    expect(values.some((value) => value < 0)).toBe(true);
    const apart = kernelDistance(
      normal("a", 80),
      normal("b", 80).map((v) => v + 1),
      dim,
    );
    expect(apart).toBeGreaterThan(10 * error);
  });

  it("of more rows than are taken at a time is that of all pairs", () => {
    const [a, b] = [normal("many", 600 * 3), normal("others", 300 * 3)];
    const kernel = (x: Float32Array, i: number, y: Float32Array, j: number) => {
      let product = 0;
      for (let k = 0; k < 3; k++) product += x[3 * i + k]! * y[3 * j + k]!;
      return (product / 3 + 1) ** 3;
    };
    let [aa, bb, ab] = [0, 0, 0];
    for (let i = 0; i < 600; i++) {
      for (let j = 0; j < 600; j++) if (i !== j) aa += kernel(a, i, a, j);
      for (let j = 0; j < 300; j++) ab += kernel(a, i, b, j);
    }
    for (let i = 0; i < 300; i++) {
      for (let j = 0; j < 300; j++) if (i !== j) bb += kernel(b, i, b, j);
    }
    const expected = aa / (600 * 599) + bb / (300 * 299) - (2 * ab) / (600 * 300);
    expect(kernelDistance(a, b, 3)).toBeCloseTo(expected, 10);
  });

  it("resampled with every row is itself; a row drawn twice is no pair", () => {
    const [a, b] = [normal("ra", 50 * 6), normal("rb", 40 * 6)];
    const resample = kernelResampler(a, b, 6);
    const value = kernelDistance(a, b, 6);
    expect(resample(everyRow(50))).toBeCloseTo(value, 12);
    expect(resample(Int32Array.from([...everyRow(50), ...everyRow(50)]))).toBeCloseTo(value, 12);
    expect(resample(Int32Array.of(4, 4))).toBeNaN();
  });

  it("resampled takes a prepared reference, any number of times", () => {
    const b = normal("prepared", 40 * 6);
    const reference = kernelReference(b, 6);
    for (const name of ["pa", "pb"]) {
      const a = normal(name, 50 * 6);
      const value = kernelResampler(a, reference, 6)(everyRow(50));
      expect(value).toBe(kernelResampler(a, b, 6)(everyRow(50)));
      expect(value).toBeCloseTo(kernelDistance(a, b, 6), 12);
    }
    expect(() => kernelResampler(b, reference, 3)).toThrow("have 6 features, not 3");
    expect(() => kernelReference(b.subarray(0, 6), 6)).toThrow("The reference set of features");
  });

  it("in pieces is the same, and of large sets the mean over subsets", async () => {
    const [a, b] = [normal("large", 600 * 3), normal("larger", 900 * 3)];
    const value = kernelDistance(a, b, 3);
    const told: [number, number][] = [];
    const onProgress = (done: number, total: number) => told.push([done, total]);
    expect(await kernelDistanceAsync(a, b, 3, { onProgress })).toBe(value);
    expect(told.at(-1)).toEqual([10, 10]);

    // All rows of both once: a subset is the set.
    const whole = { most: 10, subsets: 1, rows: 1000 };
    const same = await kernelDistanceAsync(
      a,
      a.map((v) => v + 1),
      3,
      whole,
    );
    expect(same).toBeCloseTo(
      kernelDistance(
        a,
        a.map((v) => v + 1),
        3,
      ),
      9,
    );

    const some = { most: 899, subsets: 50, rows: 100, onProgress };
    const mean = await kernelDistanceAsync(
      a,
      b.map((v) => v + 1),
      3,
      some,
    );
    const apart = kernelDistance(
      a,
      b.map((v) => v + 1),
      3,
    );
    expect(Math.abs(mean / apart - 1)).toBeLessThan(0.1);
    expect(mean).not.toBe(apart);
    expect(told.at(-1)).toEqual([150, 150]);
  });

  it("stops by a signal between two pieces", async () => {
    const [a, b] = [normal("large", 600 * 3), normal("larger", 900 * 3)];
    const controller = new AbortController();
    const told: number[] = [];
    const running = kernelDistanceAsync(a, b, 3, {
      signal: controller.signal,
      onProgress: (done) => {
        told.push(done);
        setImmediate(() => controller.abort(new Error("enough")));
      },
    });
    await expect(running).rejects.toThrow("enough");
    expect(told.length).toBeLessThan(10);
  });

  it("of crops of the same photos is 0 on average, without pairs of one photo", () => {
    const [dim, photos, each] = [4, 10, 5];
    const groups = Array.from({ length: photos * each }, (_, k) => k % photos);
    const values = Array.from({ length: 200 }, (_, trial) => {
      const shown = normal(`photos${trial}`, photos * dim);
      const crops = (name: string) =>
        normal(`${name}${trial}`, photos * each * dim).map(
          (v, i) => shown[i % shown.length]! + 0.1 * v,
        );
      const [a, b] = [crops("one"), crops("two")];
      const reference = kernelReference(b, dim, groups);
      const resample = kernelResampler(a, reference, dim, groups);
      return { apart: kernelDistance(a, b, dim), grouped: resample(everyRow(50)) };
    });
    const meanOf = (of: (value: (typeof values)[number]) => number) =>
      values.reduce((sum, value) => sum + of(value), 0) / values.length;
    const mean = meanOf(({ grouped }) => grouped);
    const error = Math.sqrt(meanOf(({ grouped }) => (grouped - mean) ** 2) / values.length);
    expect(Math.abs(mean)).toBeLessThan(3 * error);
    expect(meanOf(({ apart }) => apart)).toBeLessThan(-10 * error);
    const [crops, reference] = [
      normal("x", 80),
      kernelReference(normal("y", 80), 8, groups.slice(0, 10)),
    ];
    const oneEach = kernelResampler(crops, reference, 8, groups.slice(0, 10));
    expect(oneEach(Int32Array.of(3, 3, 3))).toBeNaN();
  });

  it("needs 2 rows", () => {
    expect(() => kernelDistance(normal("x", 4), normal("y", 8), 4)).toThrow("at least 2 rows");
    expect(() => kernelReference(normal("x", 8), 4, [0])).toThrow("need 2 groups, but 1 were");
  });
});

describe("inceptionScore", () => {
  it("of equal rows is 1, of sure rows over all classes the number of classes", () => {
    expect(inceptionScore(new Float32Array(50 * 10).fill(0.1), 10)).toBeCloseTo(1, 9);
    expect(inceptionScore(oneHot(50, 10), 10)).toBeCloseTo(10, 9);
    expect(inceptionScore(oneHot(50, 10), 10, 5)).toBeCloseTo(10, 9);
  });

  it("of two rows is exp of their Jensen-Shannon divergence", () => {
    const divergence = 0.5 * (0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5)) * 2;
    const rows = Float32Array.of(0.9, 0.1, 0.1, 0.9);
    expect(inceptionScore(rows, 2)).toBeCloseTo(Math.exp(divergence), 6);
  });

  it("averages over consecutive parts of equal size and leaves out the rest", () => {
    // Parts of 2 rows: sure and different (2), equal (1); the fifth row is in no part.
    const rows = Float32Array.of(1, 0, 0, 1, 1, 0, 1, 0, 0, 1);
    expect(inceptionScore(rows, 2, 2)).toBeCloseTo(1.5, 9);
  });

  it("resampled is the score of the repeated rows", () => {
    const resample = inceptionScoreResampler(oneHot(4, 4), 4);
    expect(resample(everyRow(4))).toBeCloseTo(4, 9);
    expect(resample(Int32Array.of(1, 1, 3, 3))).toBeCloseTo(2, 9);
    expect(resample(Int32Array.of(1, 1, 1, 1))).toBeCloseTo(1, 9);
  });

  it("refuses what is no probability and too many splits", () => {
    expect(() => inceptionScore(Float32Array.of(2, 3), 2)).toThrow("Row 0 holds no probabilities");
    expect(() => inceptionScore(Float32Array.of(2, -1), 2)).toThrow("Row 0 holds no probabilities");
    expect(() => inceptionScore(oneHot(4, 2), 2, 5)).toThrow("at least 5 rows");
    expect(() => inceptionScore(oneHot(4, 2), 2, 0)).toThrow("number of splits");
  });
});

describe("classificationAccuracy", () => {
  const rows = Float32Array.of(0.6, 0.4, 0, 0.2, 0.3, 0.5, 0.4, 0.4, 0.2);

  it("is the part of the rows whose label comes first", () => {
    expect(classificationHits(rows, 3, [0, 1, 0])).toEqual([1, 0, 1]);
    expect(classificationAccuracy(rows, 3, [0, 1, 0])).toBeCloseTo(2 / 3, 12);
  });

  it("wants a class for each row", () => {
    expect(() => classificationAccuracy(rows, 3, [0, 1])).toThrow("3 rows");
    expect(() => classificationAccuracy(rows, 3, [0, 1, 3])).toThrow("from 0 to 2");
  });
});

describe("distances of features", () => {
  it("perceptual: Euclidean, row by row", () => {
    const [a, b] = [Float32Array.of(0, 0, 1, 1), Float32Array.of(3, 4, 1, 0)];
    expect(perceptualDistances(a, b, 2)).toEqual([5, 1]);
    expect(perceptualDistance(a, b, 2)).toBe(3);
    expect(perceptualDistance(a, a, 2)).toBe(0);
    expect(() => perceptualDistance(a, b.subarray(0, 2), 2)).toThrow("2 and 1 rows");
  });

  it("consecutive: first to second, second to third, not first to third", () => {
    expect(consecutiveDistance(Float32Array.of(0, 0, 3, 4, 3, 5), 2)).toBe(3);
    expect(() => consecutiveDistance(Float32Array.of(0, 0), 2)).toThrow("at least 2 rows");
  });
});

import { describe, expect, it } from "vitest";
import { Random } from "../../util/random.ts";
import { positiveEigenvalues, positiveFactor } from "./decompositions.ts";
import { gram } from "./matmul.ts";

const normal = (name: string, length: number) =>
  Random.from(1, name).fillNormal(new Float32Array(length));
const transposed = (matrix: Float64Array, n: number) =>
  matrix.map((_, at) => matrix[(at % n) * n + Math.floor(at / n)]!);

/** W diag(values) W, W the orthonormal sines: symmetric, with these eigenvalues. */
function ofEigenvalues(values: readonly number[]): Float64Array {
  const n = values.length;
  const w = (i: number, k: number) =>
    Math.sqrt(2 / (n + 1)) * Math.sin(((i + 1) * (k + 1) * Math.PI) / (n + 1));
  return Float64Array.from({ length: n * n }, (_, at) =>
    values.reduce((sum, v, k) => sum + v * w(Math.floor(at / n), k) * w(at % n, k), 0),
  );
}

describe("eigenvalues", () => {
  it.each([1, 2, 3, 40, 121])("of a matrix of size %i are those it was made of", (n) => {
    const values = Array.from(normal(`values ${n}`, n), (value) => 10 * value ** 2);
    const matrix = ofEigenvalues(values);
    values.sort((x, y) => y - x);
    positiveEigenvalues(matrix, n).forEach((value, i) => {
      expect(value).toBeCloseTo(values[i]!, 10);
    });
    const factor = positiveFactor(matrix, n);
    const product = gram(transposed(factor, n), n);
    product.forEach((value, i) => {
      expect(value).toBeCloseTo(matrix[i]!, 10);
    });
  });

  it("give a factor of a singular matrix, as high as its rank", () => {
    const matrix = ofEigenvalues([4, 0, 1, 0, 0, 9]);
    const factor = positiveFactor(matrix, 6);
    gram(transposed(factor, 6), 6).forEach((value, i) => {
      expect(value).toBeCloseTo(matrix[i]!, 12);
    });
    const heights = Array.from({ length: 6 }, (_, i) =>
      factor.subarray(6 * i, 6 * i + 6).reduce((sum, value) => sum + value ** 2, 0),
    );
    expect(heights.filter((height) => height > 0)).toHaveLength(3);
  });

  it("of the second difference matrix are 2 - 2 cos(k pi / (n + 1))", () => {
    const n = 50;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      matrix[i * n + i] = 2;
      if (i > 0) matrix[i * n + i - 1] = -1;
      if (i > 0) matrix[(i - 1) * n + i] = -1;
    }
    positiveEigenvalues(matrix, n).forEach((value, i) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((n - i) * Math.PI) / (n + 1)), 12);
    });
  });

  it("are found for any scale, for zeros and for a matrix of rank 1", () => {
    expect([...positiveEigenvalues(new Float64Array(9), 3)]).toEqual([0, 0, 0]);
    const tiny = positiveEigenvalues(Float64Array.of(2e-200, 1e-200, 1e-200, 2e-200), 2);
    expect(tiny[0]! / 3e-200).toBeCloseTo(1, 12);
    const ones = positiveEigenvalues(new Float64Array(30 * 30).fill(1e200), 30);
    expect(ones[0]! / 30e200).toBeCloseTo(1, 12);
    expect(Math.abs(ones[1]! / 30e200)).toBeLessThan(1e-14);
  });
});

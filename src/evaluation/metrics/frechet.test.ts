import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { PaletteError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { symmetricEigenvalues } from "./eigenvalues.ts";
import { frechetDistance } from "./frechet.ts";
import { frechetResampler } from "./frechet-resampler.ts";
import { gram, scatter, timesTransposed } from "./products.ts";

const normal = (name: string, length: number) =>
  Random.from(1, name).fillNormal(new Float32Array(length));
/** Rows +- scale_k sqrt(dim - 1/2) e_k: mean zero, covariance exactly diagonal. */
function axes(scales: readonly number[], shift: number): Float32Array {
  const dim = scales.length;
  const rows = new Float32Array(2 * dim * dim).fill(shift);
  scales.forEach((scale, k) => {
    rows[2 * k * dim + k]! += scale;
    rows[(2 * k + 1) * dim + k]! -= scale;
  });
  return rows;
}
const everyRow = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

/** The definition by ml-matrix: singular values of A_c B_c^T, whatever the numbers of rows. */
function bySingularValues(a: Float32Array, b: Float32Array, dim: number): number {
  const [x, y] = [a, b].map((set) => Matrix.from1DArray(set.length / dim, dim, set)) as [
    Matrix,
    Matrix,
  ];
  const [meanX, meanY] = [x.mean("column"), y.mean("column")];
  const [cx, cy] = [x.subRowVector(meanX), y.subRowVector(meanY)];
  const [nx, ny] = [x.rows - 1, y.rows - 1];
  const values = new SingularValueDecomposition(cx.mmul(cy.transpose()), { autoTranspose: true });
  const roots = values.diagonal.reduce((sum, value) => sum + value, 0) / Math.sqrt(nx * ny);
  const between = meanX.reduce((sum, value, k) => sum + (value - meanY[k]!) ** 2, 0);
  return between + cx.norm() ** 2 / nx + cy.norm() ** 2 / ny - 2 * roots;
}

describe("eigenvalues", () => {
  it.each([1, 2, 3, 40, 121])("equal ml-matrix's for a random matrix of size %i", (n) => {
    const values = Float64Array.from(normal(`matrix ${n}`, n * n));
    const matrix = Matrix.from1DArray(n, n, values);
    const symmetric = Matrix.add(matrix, matrix.transpose());
    const peer = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
    const expected = peer.realEigenvalues.sort((x, y) => y - x);
    const own = symmetricEigenvalues(Float64Array.from(symmetric.to1DArray()), n);
    own.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 10);
    });
  });

  it("of the second difference matrix are 2 - 2 cos(k pi / (n + 1))", () => {
    const n = 50;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      matrix[i * n + i] = 2;
      if (i > 0) matrix[i * n + i - 1] = -1;
    }
    symmetricEigenvalues(matrix, n).forEach((value, i) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((n - i) * Math.PI) / (n + 1)), 12);
    });
  });

  it("are found for any scale, for zeros and for a matrix of rank 1", () => {
    expect([...symmetricEigenvalues(new Float64Array(9), 3)]).toEqual([0, 0, 0]);
    const tiny = symmetricEigenvalues(Float64Array.of(2e-200, 0, 1e-200, 2e-200), 2);
    expect(tiny[0]! / 3e-200).toBeCloseTo(1, 12);
    const ones = symmetricEigenvalues(new Float64Array(30 * 30).fill(1e200), 30);
    expect(ones[0]! / 30e200).toBeCloseTo(1, 12);
    expect(Math.abs(ones[1]! / 30e200)).toBeLessThan(1e-14);
  });
});

describe("products", () => {
  it.each([
    [1, 1, 1],
    [5, 3, 7],
    [9, 10, 1030],
  ])("of %i and %i rows of %i equal ml-matrix's", (nx, ny, depth) => {
    const x = Float64Array.from(normal("x", nx * depth));
    const y = Float64Array.from(normal("y", ny * depth));
    const matrices = [Matrix.from1DArray(nx, depth, x), Matrix.from1DArray(ny, depth, y)] as const;
    const expected = matrices[0].mmul(matrices[1].transpose()).to1DArray();
    timesTransposed(x, y, depth).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 9);
    });
    const own = matrices[0].mmul(matrices[0].transpose()).to1DArray();
    gram(x, depth).forEach((value, i) => {
      expect(value).toBeCloseTo(own[i]!, 9);
    });
  });

  it("of 1030 rows' columns are their scatter", () => {
    const values = normal("scatter", 1030 * 6);
    const centre = Float64Array.from([1, 2, 3, 4, 5, 6]);
    const matrix = Matrix.from1DArray(1030, 6, values).subRowVector([...centre]);
    const expected = matrix.transpose().mmul(matrix).to1DArray();
    scatter(values, centre).forEach((value, i) => {
      expect(value / expected[i]!).toBeCloseTo(1, 10);
    });
  });
});

describe("frechetDistance", () => {
  it("of Gaussians with diagonal covariances is |shift|^2 + sum (s_a - s_b)^2", () => {
    const [one, other] = [
      [1, 2, 3, 4],
      [2, 2, 0.5, 8],
    ];
    // 2 rows of 8 differ from the mean in each coordinate, by the scale: variance 2 scale^2 / 7.
    const spreads = one.reduce((sum, s, k) => sum + (2 / 7) * (s - other[k]!) ** 2, 0);
    const value = frechetDistance(axes(one, 0), axes(other, 1.5), 4);
    expect(value).toBeCloseTo(4 * 1.5 ** 2 + spreads, 10);
  });

  it.each([
    [300, 400, 40],
    [30, 50, 200],
    [30, 500, 100],
    [500, 30, 100],
    [2, 2, 5],
  ])("of %i and %i rows of %i equals the definition by ml-matrix", (na, nb, dim) => {
    const a = normal("a", na * dim);
    const b = normal("b", nb * dim).map((value, i) => value * (1 + (i % dim) / dim) + 0.1);
    const value = frechetDistance(a, b, dim);
    expect(value / bySingularValues(a, b, dim)).toBeCloseTo(1, 9);
    expect(value / frechetDistance(b, a, dim)).toBeCloseTo(1, 9);
  });

  it.each([
    [400, 32],
    [20, 64],
  ])("of %i rows of %i and themselves in another order is 0", (rows, dim) => {
    const a = normal("same", rows * dim);
    const turned = new Float32Array(a.length);
    for (let i = 0; i < rows; i++) {
      turned.set(a.subarray(i * dim, (i + 1) * dim), (rows - 1 - i) * dim);
    }
    expect(Math.abs(frechetDistance(a, turned, dim)) / dim).toBeLessThan(1e-8);
  });

  it("does not mind dead, equal and dependent features", () => {
    const dim = 30;
    const degenerate = (name: string) => {
      const rows = normal(name, 200 * dim);
      for (let at = 0; at < rows.length; at += dim) {
        rows[at] = 7;
        rows[at + 5] = rows[at + 4]!;
        rows[at + 9] = 2 * rows[at + 7]! - rows[at + 8]!;
      }
      return rows;
    };
    const [a, b] = [degenerate("p"), degenerate("q")];
    expect(frechetDistance(a, b, dim) / bySingularValues(a, b, dim)).toBeCloseTo(1, 6);
    expect(Math.abs(frechetDistance(a, a, dim))).toBeLessThan(1e-5);
  });

  it("is stable at 2048 dimensions with 100 rows", () => {
    const a = normal("wide a", 100 * 2048);
    const b = normal("wide b", 120 * 2048);
    expect(frechetDistance(a, b, 2048) / bySingularValues(a, b, 2048)).toBeCloseTo(1, 9);
    expect(Math.abs(frechetDistance(a, a, 2048)) / 2048).toBeLessThan(1e-9);
    const shifted = a.map((value) => value + 1);
    expect(frechetDistance(a, shifted, 2048)).toBeCloseTo(2048, 3);
  });

  it("says what is wrong with a set", () => {
    const good = normal("good", 40);
    const call = (set: Float32Array) => () => frechetDistance(good, set, 4);
    expect(call(good.subarray(0, 4))).toThrow("needs at least 2 rows, but only 1 was given");
    expect(call(good.subarray(0, 39))).toThrow("no multiple of the row length 4");
    expect(call(good.map((v, i) => (i === 9 ? Number.NaN : v)))).toThrow("holds NaN in row 2");
    expect(() => frechetDistance(good, good, 0)).toThrow(PaletteError);
  });
});

describe("frechetResampler", () => {
  it.each([
    [60, 80, 200],
    [120, 300, 30],
  ])("of every row of %i is the distance; of repeated rows theirs (%i, %i)", (na, nb, dim) => {
    const a = normal("ra", na * dim);
    const b = normal("rb", nb * dim).map((value) => 1.2 * value + 0.2);
    const resample = frechetResampler(a, b, dim);
    expect(resample(everyRow(na)) / frechetDistance(a, b, dim)).toBeCloseTo(1, 8);
    const random = Random.from(2);
    const rows = Int32Array.from({ length: na }, () => random.integer(0, na - 1));
    const repeated = new Float32Array(na * dim);
    rows.forEach((row, i) => {
      repeated.set(a.subarray(row * dim, (row + 1) * dim), i * dim);
    });
    expect(resample(rows) / frechetDistance(repeated, b, dim)).toBeCloseTo(1, 6);
  });

  it("is fast enough for a bootstrap of 100 rows at 1024 dimensions", () => {
    const resample = frechetResampler(normal("fa", 100 * 1024), normal("fb", 150 * 1024), 1024);
    const start = performance.now();
    for (let k = 0; k < 10; k++) resample(everyRow(100));
    expect((performance.now() - start) / 10).toBeLessThan(150);
  });

  it("knows its rows", () => {
    const resample = frechetResampler(normal("k", 40), normal("l", 40), 4);
    expect(() => resample(Int32Array.of(0, 10))).toThrow("There is no row 10");
    expect(() => resample(Int32Array.of(3))).toThrow("at least 2 rows");
  });
});

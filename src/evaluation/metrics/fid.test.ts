import { inverse, Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { PaletteError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import { frechetDistance, frechetReference } from "./fid.ts";
import { frechetResampler } from "./fid-resampler.ts";
import { gram, scatter, timesTransposed } from "./matmul.ts";

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

/** [rows - 1, dim] with the scatter of the rows, without their mean: Helmert's contrasts. */
function contrasts(rows: Float32Array, dim: number): Matrix {
  const before = new Float64Array(dim);
  const out = new Matrix(rows.length / dim - 1, dim);
  for (let i = 0; i <= out.rows; i++) {
    for (let k = 0; k < dim; k++) {
      const value = rows[i * dim + k]!;
      if (i > 0) out.set(i - 1, k, (before[k]! - i * value) / Math.sqrt(i * (i + 1)));
      before[k]! += value;
    }
  }
  return out;
}

/**
 * The trace of the root of a matrix with positive eigenvalues, by Denman and Beavers' iteration.
 */
function traceOfRoot(matrix: Matrix): number {
  let y = matrix;
  let z = Matrix.eye(matrix.rows);
  for (let k = 0; k < 100; k++) {
    const next = Matrix.add(y, inverse(z)).mul(0.5);
    z = Matrix.add(z, inverse(y)).mul(0.5);
    const moved = Matrix.sub(next, y).norm() / next.norm();
    y = next;
    if (moved < 1e-14) break;
  }
  expect(y.mmul(y).sub(matrix).norm() / matrix.norm()).toBeLessThan(1e-9);
  return y.trace();
}

/**
 * The definition, with neither eigenvalues nor singular values. With `mixing` [kept, dim] the
 * features are those listed in `kept` times it, so that the covariances have no more than that
 * rank.
 */
function byRoot(
  a: Float32Array,
  b: Float32Array,
  dim: number,
  mixing?: { kept: number[]; mixing: Matrix },
): number {
  const [x, y] = [contrasts(a, dim), contrasts(b, dim)];
  const mean = (set: Float32Array) => Matrix.from1DArray(set.length / dim, dim, set).mean("column");
  const [meanX, meanY] = [mean(a), mean(b)];
  const between = meanX.reduce((sum, value, k) => sum + (value - meanY[k]!) ** 2, 0);
  let root: number;
  if (mixing) {
    // The eigenvalues of T^T C_x T T^T C_y T other than 0 are those of C_x G C_y G, G = T T^T.
    const g = mixing.mixing.mmul(mixing.mixing.transpose());
    const [cx, cy] = [x, y].map((set) => set.subMatrixColumn(mixing.kept)) as [Matrix, Matrix];
    const scatters = [cx.transpose().mmul(cx), cy.transpose().mmul(cy)] as const;
    root = traceOfRoot(scatters[0].mmul(g).mmul(scatters[1]).mmul(g));
  } else if (Math.min(x.rows, y.rows) < dim) {
    const [few, many] = x.rows <= y.rows ? [x, y] : [y, x];
    const product = few.mmul(many.transpose());
    root = traceOfRoot(product.mmul(product.transpose()));
  } else {
    root = traceOfRoot(x.transpose().mmul(x).mmul(y.transpose().mmul(y)));
  }
  const traces = x.norm() ** 2 / x.rows + y.norm() ** 2 / y.rows;
  return between + traces - (2 * root) / Math.sqrt(x.rows * y.rows);
}

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
  ])("of %i and %i rows of %i equals the definition", (na, nb, dim) => {
    const a = normal("a", na * dim);
    const b = normal("b", nb * dim).map((value, i) => value * (1 + (i % dim) / dim) + 0.1);
    const value = frechetDistance(a, b, dim);
    expect(value / byRoot(a, b, dim)).toBeCloseTo(1, 9);
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
    const kept = Array.from({ length: dim }, (_, k) => k).filter((k) => ![0, 5, 9].includes(k));
    const mixing = Matrix.zeros(kept.length, dim);
    kept.forEach((feature, k) => {
      mixing.set(k, feature, 1);
    });
    mixing.set(kept.indexOf(4), 5, 1);
    mixing.set(kept.indexOf(7), 9, 2);
    mixing.set(kept.indexOf(8), 9, -1);
    expect(frechetDistance(a, b, dim) / byRoot(a, b, dim, { kept, mixing })).toBeCloseTo(1, 6);
    expect(Math.abs(frechetDistance(a, a, dim))).toBeLessThan(1e-5);
  });

  it("is stable at 2048 dimensions with 100 rows", () => {
    const a = normal("wide a", 100 * 2048);
    const b = normal("wide b", 120 * 2048);
    expect(frechetDistance(a, b, 2048) / byRoot(a, b, 2048)).toBeCloseTo(1, 9);
    expect(Math.abs(frechetDistance(a, a, 2048)) / 2048).toBeLessThan(1e-9);
    const shifted = a.map((value) => value + 1);
    expect(frechetDistance(a, shifted, 2048)).toBeCloseTo(2048, 3);
  });

  it("of constant sets is the squared distance of their means", () => {
    const constant = (value: number, rows: number) => new Float32Array(rows * 3).fill(value);
    expect(frechetDistance(constant(1, 9), constant(3, 8), 3)).toBe(12);
    expect(frechetDistance(constant(1, 2), constant(3, 8), 3)).toBe(12);
  });

  it("of the largest features there are is a number", () => {
    const [a, b] = [normal("large a", 40), normal("large b", 40)];
    const scaled = [a, b].map((set) => set.map((value) => 8e37 * value)) as [
      Float32Array,
      Float32Array,
    ];
    for (const dim of [4, 20]) {
      const ratio = frechetDistance(...scaled, dim) / 8e37 / 8e37 / frechetDistance(a, b, dim);
      expect(ratio).toBeCloseTo(1, 5);
    }
  });

  it.each([
    [20, 15, 30],
    [20, 60, 30],
    [60, 20, 30],
    [60, 80, 30],
  ])("of %i rows takes a prepared reference of %i by %i, any number of times", (na, nb, dim) => {
    const b = normal("dp", nb * dim);
    const reference = frechetReference(b, dim);
    for (const name of ["d1", "d2"]) {
      const a = normal(name, na * dim);
      expect(frechetDistance(a, reference, dim)).toBe(frechetDistance(a, b, dim));
    }
    expect(() => frechetDistance(b, reference, dim / 2)).toThrow(`have ${dim} features, not`);
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

  it.each([
    [20, 15, 30],
    [20, 60, 30],
  ])("of %i rows takes a prepared reference of %i by %i, any number of times", (na, nb, dim) => {
    const b = normal("pb", nb * dim);
    const reference = frechetReference(b, dim);
    for (const name of ["p1", "p2"]) {
      const a = normal(name, na * dim);
      const value = frechetResampler(a, reference, dim)(everyRow(na));
      expect(value).toBe(frechetResampler(a, b, dim)(everyRow(na)));
      expect(value / frechetDistance(a, b, dim)).toBeCloseTo(1, 8);
    }
    expect(() => frechetResampler(b, reference, dim / 2)).toThrow(`have ${dim} features, not`);
    expect(() => frechetReference(b.subarray(0, dim), dim)).toThrow(
      "The reference set of features",
    );
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

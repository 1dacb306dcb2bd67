/**
 * The Frechet distance of two sets of features (FID: Heusel et al. 2017, equation 6), both taken for
 * Gaussian: |mean_a - mean_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)).
 *
 * The square root of S_a S_b is never formed: S_a S_b may have less than full rank, and then the
 * usual iterations fail. With A and B the centred rows, S_a = A^T A / (n_a - 1), the trace of the root
 * is the sum of the singular values of A B^T / sqrt((n_a - 1) (n_b - 1)), whose squares are the
 * eigenvalues of a positive matrix no larger than the smallest of n_a, n_b and dim.
 */
import { symmetricEigenvalues } from "./eigenvalues.ts";
import { gram, scatter, timesTransposed } from "./products.ts";
import { centred, countRows, meanRow } from "./rows.ts";

/**
 * FID of the rows of `a` and of `b`, each Float32Array [N, dim]. Covariances are those of N - 1. 0 for
 * equal sets (to some 1e-6 of the trace), larger the more they differ. Biased upward when N is small
 * against dim (Chong and Forsyth 2020): compare only values of equal N and equal reference.
 * @throws PaletteError when a set has fewer than 2 rows, holds parts of rows or what is not a number.
 */
export function frechetDistance(a: Float32Array, b: Float32Array, dim: number): number {
  const one = spread(a, dim, "The first set of features");
  const other = spread(b, dim, "The second set of features");
  return apart(one.mean, other.mean) + one.trace + other.trace - 2 * rootTrace(one, other);
}

/** A set as the distance sees it. */
export interface Spread {
  readonly rows: number;
  readonly mean: Float64Array;
  /** Of the covariance S. */
  readonly trace: number;
  /** R, [count, dim] with count <= dim or the number of rows: R^T R / (rows - 1) = S. */
  readonly factor: Float64Array;
}

/** Mean, trace and factor of a set [N, dim]; `what` names it in messages. */
export function spread(values: Float32Array, dim: number, what: string): Spread {
  const rows = countRows(values, dim, what, 2);
  const mean = meanRow(values, rows, dim);
  const factor =
    rows <= dim ? centred(values, mean) : transposedCholesky(scatter(values, mean), dim);
  let sum = 0;
  for (const value of factor) sum += value * value;
  return { rows, mean, trace: sum / (rows - 1), factor };
}

/** The squared distance of two vectors. */
export function apart(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k]! - b[k]!) ** 2;
  return sum;
}

/** The sum of the roots of the `rank` largest eigenvalues of a positive matrix, which is overwritten. */
export function sumOfRoots(matrix: Float64Array, n: number, rank: number): number {
  let sum = 0;
  // Beyond the rank there is only the rounding of zeros, whose roots would add up.
  const values = symmetricEigenvalues(matrix, n).subarray(0, rank);
  for (const value of values) sum += Math.sqrt(Math.max(0, value));
  return sum;
}

/** tr (S_a S_b)^(1/2). */
function rootTrace(a: Spread, b: Spread): number {
  const dim = a.mean.length;
  const [few, many] = a.factor.length <= b.factor.length ? [a, b] : [b, a];
  const products = gram(timesTransposed(few.factor, many.factor, dim), many.factor.length / dim);
  const rank = Math.min(dim, a.rows - 1, b.rows - 1);
  const sum = sumOfRoots(products, few.factor.length / dim, rank);
  return sum / Math.sqrt((a.rows - 1) * (b.rows - 1));
}

/**
 * R = L^T of a positive, perhaps singular matrix L L^T, [n, n], which becomes R. A feature that is
 * constant or a mixture of earlier ones has a pivot of nothing but rounding: its row is zero.
 */
function transposedCholesky(matrix: Float64Array, n: number): Float64Array {
  for (let k = 0; k < n; k++) {
    const row = k * n;
    const own = matrix[row + k]!;
    let taken = 0;
    for (let i = 0; i < k; i++) taken += matrix[i * n + k]! ** 2;
    const pivot = own - taken;
    if (!(pivot > n * Number.EPSILON * own)) {
      matrix.fill(0, row, row + n);
      continue;
    }
    for (let i = 0; i < k; i++) {
      const at = i * n;
      const factor = matrix[at + k]!;
      if (factor !== 0) for (let j = k; j < n; j++) matrix[row + j]! -= factor * matrix[at + j]!;
    }
    const root = Math.sqrt(pivot);
    matrix.fill(0, row, row + k);
    for (let j = k; j < n; j++) matrix[row + j]! /= root;
    matrix[row + k] = root;
  }
  return matrix;
}

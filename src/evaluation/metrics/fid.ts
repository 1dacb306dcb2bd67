/**
 * The Frechet distance of two sets of features (FID: Heusel et al. 2017, equation 6), both taken
 * for Gaussian: |mean_a - mean_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)).
 *
 * The square root of S_a S_b is never formed: S_a S_b may have less than full rank, and then the
 * usual iterations fail. With F^T F = S_a the trace of the root is the sum of the roots of the
 * eigenvalues of F S_b F^T, a positive matrix. F is A / (n_a - 1)^(1/2), A the centred rows, when
 * these are no more than dim; then the matrix is as small as the set.
 */
import { positiveEigenvalues, positiveFactor } from "./decompositions.ts";
import { centred, countRows, meanRow, sameLength } from "./feature-matrix.ts";
import { gram, scatter, timesTransposed } from "./matmul.ts";

/**
 * FID of the rows of `a` and of `b`, each Float32Array [N, dim] or prepared by `frechetReference(b,
 * dim)` with the same result. Covariances are those of N - 1. 0 for equal sets (to some 1e-6 of the
 * trace), larger the more they differ. Biased upward when N is small against dim (Chong and Forsyth
 * 2020): compare only values of equal N and equal reference. Time: the cube of the smallest of dim
 * and both N.
 * @throws PaletteError when a set has fewer than 2 rows, holds parts of rows or what is not a
 * number.
 */
export function frechetDistance(
  a: Float32Array | FrechetReference,
  b: Float32Array | FrechetReference,
  dim: number,
): number {
  const one = asFrechetReference(a, dim, "The first set of features");
  const other = asFrechetReference(b, dim);
  return apart(one.mean, other.mean) + one.trace + other.trace - 2 * rootTrace(one, other);
}

/** A set that others are compared with, prepared; what it holds is no part of the interface. */
export interface FrechetReference {
  readonly dim: number;
  readonly rows: number;
  readonly mean: Float64Array;
  /** Of the covariance. */
  readonly trace: number;
  /** Whether there are no more rows than features. */
  readonly few: boolean;
  /** With `few` the centred rows, [rows, dim], otherwise their scatter, [dim, dim]. */
  readonly matrix: Float64Array;
}

/**
 * What `frechetResampler` needs of `b`, Float32Array [N, dim], computed once for any number of sets
 * that are compared with it. Memory: 8 dim min(N, dim) bytes.
 * @throws PaletteError as `frechetDistance` does.
 */
export function frechetReference(b: Float32Array, dim: number): FrechetReference {
  return spread(b, dim, "The reference set of features");
}

/** `b` prepared, if it is not yet. */
export function asFrechetReference(
  b: Float32Array | FrechetReference,
  dim: number,
  what = "The second set of features",
): FrechetReference {
  if (b instanceof Float32Array) return spread(b, dim, what);
  sameLength(b.dim, dim);
  return b;
}

/** The squared distance of two vectors. */
export function apart(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k]! - b[k]!) ** 2;
  return sum;
}

/** F S F^T (rows - 1), [n, n], of any F [n, dim] and the covariance S of the set. */
export function through(f: Float64Array, { dim, rows, few, matrix }: FrechetReference) {
  const product = timesTransposed(f, matrix, dim);
  return few ? gram(product, rows) : timesTransposed(product, f, dim);
}

/** The sum of the roots of the `rank` largest eigenvalues of a positive matrix [n, n]. */
export function sumOfRoots(matrix: Float64Array, n: number, rank: number): number {
  // Beyond the rank there is only the rounding of zeros, whose roots would add up.
  const values = positiveEigenvalues(matrix, n).slice(0, rank);
  return values.reduce((sum, value) => sum + Math.sqrt(value), 0);
}

/** Mean, trace and rows or scatter of a set [N, dim]; `what` names it in messages. */
function spread(values: Float32Array, dim: number, what: string): FrechetReference {
  const rows = countRows(values, dim, what, 2);
  const mean = meanRow(values, rows, dim);
  const few = rows <= dim;
  const matrix = few ? centred(values, mean) : scatter(values, mean);
  let sum = 0;
  if (few) for (const value of matrix) sum += value * value;
  else for (let k = 0; k < dim; k++) sum += matrix[k * dim + k]!;
  return { dim, rows, mean, trace: sum / (rows - 1), few, matrix };
}

/** tr (S_a S_b)^(1/2). */
function rootTrace(a: FrechetReference, b: FrechetReference): number {
  const less = a.rows <= b.rows ? a : b;
  // With many rows in both it is b's factor, which is the same for all sets compared with b.
  const [inner, outer] = less.few && less === a ? [a, b] : [b, a];
  const { dim } = a;
  const factor = inner.few ? inner.matrix : factorOf(inner);
  const rank = Math.min(dim, less.rows - 1);
  const sum = sumOfRoots(through(factor, outer), factor.length / dim, rank);
  return sum / Math.sqrt((a.rows - 1) * (b.rows - 1));
}

const factors = new WeakMap<FrechetReference, Float64Array>();

/** R, [dim, dim], with R^T R the set's scatter: computed when it is first needed. */
function factorOf(set: FrechetReference): Float64Array {
  const factor = factors.get(set) ?? positiveFactor(set.matrix, set.dim);
  factors.set(set, factor);
  return factor;
}

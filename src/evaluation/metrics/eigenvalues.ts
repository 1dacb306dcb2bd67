/**
 * Eigenvalues, without vectors, of a symmetric matrix: Householder's reduction to three diagonals,
 * then QR steps with Wilkinson's shift (Golub and Van Loan, Matrix Computations, 8.3).
 *
 * Why not a library's: milliseconds at n = 316 / 500 / 1024 / 2048, one run each on a machine busy
 * with other work (busiest while this file ran): 92 / 144 / 1,240 / 11,100 here; ml-matrix 6.15's SVD
 * 213 / 631 / 5,500 / stopped after 55,000, its EVD, which cannot leave out the vectors, 247 / 874 /
 * 8,300 / not tried; numpy-ts 1.4 (WebAssembly) 65 / 174 / 8,300 / not tried, and 1.7 asks for Node 22.
 * A bootstrap needs hundreds of these.
 * The tests hold the results against ml-matrix.
 */
import { PaletteError } from "../../errors.ts";

/**
 * The n eigenvalues of a symmetric matrix [n, n], largest first. Only what lies on and below the
 * diagonal is read, and `matrix` is overwritten. Error: some n * 2^-52 of the largest in size.
 * @throws PaletteError when a value is not a finite number.
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const size = Math.abs(matrix[i * n + j]!);
      if (!Number.isFinite(size)) {
        throw new PaletteError(
          "A covariance is not a finite number: the features are too large; check the feature network.",
        );
      }
      if (size > largest) largest = size;
    }
  }
  if (largest === 0) return new Float64Array(n);
  // Near 1 neither a square nor a quotient of what follows overflows.
  for (let i = 0; i < matrix.length; i++) matrix[i]! /= largest;
  const { diagonal, beside } = reduce(matrix, n);
  iterate(diagonal, beside);
  for (let i = 0; i < n; i++) diagonal[i]! *= largest;
  return diagonal.sort().reverse();
}

/** Three diagonals: `beside[i]` couples `diagonal[i]` and `diagonal[i + 1]`. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly beside: Float64Array;
}

/**
 * From the last row up, a reflection I - b v v^T turns the part of a row left of the diagonal into
 * one number; the rest A becomes A - v w^T - w v^T. Everything runs along rows of the lower half.
 */
function reduce(a: Float64Array, n: number): Tridiagonal {
  const beside = new Float64Array(n);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let m = n - 1; m >= 2; m--) {
    const row = m * n;
    const x = a[row + m - 1]!;
    let tail = 0;
    for (let j = 0; j < m - 1; j++) tail += a[row + j]! ** 2;
    if (tail === 0) {
      beside[m - 1] = x;
      continue;
    }
    const length = Math.sqrt(x * x + tail);
    const becomes = x > 0 ? -length : length;
    beside[m - 1] = becomes;
    for (let j = 0; j < m - 1; j++) v[j] = a[row + j]!;
    v[m - 1] = x - becomes;
    timesReflection(a, n, m, v, w, 1 / (length * (length + Math.abs(x))));
    for (let i = 0; i < m; i++) {
      const at = i * n;
      const vi = v[i]!;
      const wi = w[i]!;
      for (let j = 0; j <= i; j++) a[at + j]! -= vi * w[j]! + wi * v[j]!;
    }
  }
  if (n > 1) beside[0] = a[n]!;
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i]!);
  return { diagonal, beside };
}

/** w = b A v - (b^2 v^T A v / 2) v of the leading [m, m] part of A. */
function timesReflection(
  a: Float64Array,
  n: number,
  m: number,
  v: Float64Array,
  w: Float64Array,
  b: number,
): void {
  w.fill(0, 0, m);
  for (let i = 0; i < m; i++) {
    const at = i * n;
    const vi = v[i]!;
    let sum = a[at + i]! * vi;
    for (let j = 0; j < i; j++) {
      const value = a[at + j]!;
      sum += value * v[j]!;
      w[j]! += value * vi;
    }
    w[i]! += sum;
  }
  let along = 0;
  for (let i = 0; i < m; i++) {
    w[i]! *= b;
    along += w[i]! * v[i]!;
  }
  for (let i = 0; i < m; i++) w[i]! -= ((b * along) / 2) * v[i]!;
}

/** Leaves the eigenvalues in `diagonal`, in no order. */
function iterate(diagonal: Float64Array, beside: Float64Array): void {
  const negligible = (i: number) =>
    Math.abs(beside[i]!) <=
    Number.EPSILON * (Math.abs(diagonal[i]!) + Math.abs(diagonal[i + 1]!)) + 1e-150;
  let end = diagonal.length - 1;
  for (let left = 60 * diagonal.length; end > 0; left--) {
    if (left === 0) throw new PaletteError("The eigenvalues of a covariance did not converge.");
    if (negligible(end - 1)) {
      end--;
      continue;
    }
    let start = end - 1;
    while (start > 0 && !negligible(start - 1)) start--;
    step(diagonal, beside, start, end);
  }
}

/** One implicit QR step on the rows from `start` to `end`, both included. */
function step(d: Float64Array, e: Float64Array, start: number, end: number): void {
  const half = (d[end - 1]! - d[end]!) / 2;
  const last = e[end - 1]!;
  const root = Math.sqrt(half * half + last * last);
  const shift = d[end]! - (last * last) / (half + (half < 0 ? -root : root));
  let x = d[start]! - shift;
  let bulge = e[start]!;
  for (let k = start; k < end; k++) {
    const r = Math.sqrt(x * x + bulge * bulge);
    const c = r === 0 ? 1 : x / r;
    const s = r === 0 ? 0 : bulge / r;
    if (k > start) e[k - 1] = r;
    const upper = d[k]!;
    const lower = d[k + 1]!;
    const between = e[k]!;
    const turned = s * (s * (lower - upper) + 2 * c * between);
    d[k] = upper + turned;
    d[k + 1] = lower - turned;
    e[k] = c * s * (lower - upper) + (c - s) * (c + s) * between;
    if (k < end - 1) {
      x = e[k]!;
      bulge = s * e[k + 1]!;
      e[k + 1]! *= c;
    }
  }
}

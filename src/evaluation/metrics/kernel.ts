/**
 * The kernel distance of two sets of features (KID: Binkowski et al. 2018, equation 4 and section 4):
 * the squared maximum mean discrepancy with the kernel (x . y / dim + 1)^3, unbiased.
 */
import { gram, timesTransposed } from "./products.ts";
import { countDraws } from "./resample.ts";
import { countRows, sameLength } from "./rows.ts";

/** Rows taken at a time when the whole matrix of kernels is not wanted. */
const block = 256;

/**
 * KID of the rows of `a` and of `b`, each Float32Array [N, dim], over all pairs (no subsets). Its
 * expectation does not depend on N; it is 0 for sets of one distribution and may be a little negative.
 * @throws PaletteError when a set has fewer than 2 rows, holds parts of rows or what is not a number.
 */
export function kernelDistance(a: Float32Array, b: Float32Array, dim: number): number {
  const first = rowsOf(a, dim, "The first set of features");
  const second = rowsOf(b, dim, "The second set of features");
  const between = acrossEach(first, second, dim);
  const across = between.reduce((sum, mean) => sum + mean, 0) / between.length;
  return within(first, dim) + within(second, dim) - 2 * across;
}

/** A set that others are compared with, prepared; what it holds is no part of the interface. */
export interface KernelReference {
  readonly dim: number;
  readonly rows: Float64Array;
  /** The mean kernel of two of its rows. */
  readonly within: number;
}

/**
 * What `kernelResampler` needs of `b`, Float32Array [N, dim], computed once for any number of sets that
 * are compared with it. Memory: 8 N dim bytes.
 * @throws PaletteError as `kernelDistance` does.
 */
export function kernelReference(b: Float32Array, dim: number): KernelReference {
  return prepared(b, dim, "The reference set of features");
}

/**
 * A function from row numbers of `a` (repetitions allowed) to the KID of those rows against all of
 * `b`, Float32Array [N, dim] or prepared by `kernelReference(b, dim)` with the same result; every row
 * once gives `kernelDistance(a, b, dim)`. Pairs of a row with itself, which a repetition
 * would bring in, are left out, so that the resamples are centred on the sample. NaN when all rows
 * drawn are one. Memory: 8 n_a^2 bytes.
 * @throws PaletteError as `kernelDistance` does, and when a prepared reference has another dim.
 */
export function kernelResampler(
  a: Float32Array,
  b: Float32Array | KernelReference,
  dim: number,
): (rows: Int32Array) => number {
  const first = rowsOf(a, dim, "The first set of features");
  const reference = b instanceof Float32Array ? prepared(b, dim, "The second set of features") : b;
  sameLength(reference.dim, dim);
  const count = first.length / dim;
  const own = gram(first, dim);
  for (let i = 0; i < own.length; i++) own[i] = (own[i]! / dim + 1) ** 3;
  const toReference = acrossEach(first, reference.rows, dim);

  return (rows) => {
    const { drawn, weights, total } = countDraws(rows, count, 2);
    let pairs = 0;
    let inside = 0;
    let outside = 0;
    for (let i = 0; i < drawn.length; i++) {
      const at = drawn[i]! * count;
      outside += weights[i]! * toReference[drawn[i]!]!;
      pairs += weights[i]! * (total - weights[i]!);
      let sum = 0;
      for (let j = 0; j < drawn.length; j++) sum += weights[j]! * own[at + drawn[j]!]!;
      inside += weights[i]! * (sum - weights[i]! * own[at + drawn[i]!]!);
    }
    return inside / pairs + reference.within - (2 * outside) / total;
  };
}

function prepared(b: Float32Array, dim: number, what: string): KernelReference {
  const rows = rowsOf(b, dim, what);
  return { dim, rows, within: within(rows, dim) };
}

function rowsOf(values: Float32Array, dim: number, what: string): Float64Array {
  countRows(values, dim, what, 2);
  return Float64Array.from(values);
}

/** The mean kernel of two different rows of one set. */
function within(x: Float64Array, dim: number): number {
  const n = x.length / dim;
  let sum = 0;
  for (let from = 0; from < n; from += block) {
    // The kernel is symmetric: each row with those before it.
    const to = Math.min(from + block, n);
    const products = timesTransposed(
      x.subarray(from * dim, to * dim),
      x.subarray(0, to * dim),
      dim,
    );
    for (let i = from; i < to; i++) {
      for (let j = 0; j < i; j++) sum += (products[(i - from) * to + j]! / dim + 1) ** 3;
    }
  }
  return (2 * sum) / (n * (n - 1));
}

/** The mean kernel of each row of one set with the rows of the other. */
function acrossEach(x: Float64Array, y: Float64Array, dim: number): Float64Array {
  const means = new Float64Array(x.length / dim);
  const others = y.length / dim;
  for (let from = 0; from < means.length; from += block) {
    const rows = x.subarray(from * dim, (from + block) * dim);
    timesTransposed(rows, y, dim).forEach((product, at) => {
      means[from + Math.floor(at / others)]! += (product / dim + 1) ** 3 / others;
    });
  }
  return means;
}

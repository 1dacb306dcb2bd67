/**
 * The kernel distance of two sets of features (KID: Binkowski et al. 2018, equation 4 and section 4):
 * the squared maximum mean discrepancy with the kernel (x . y / dim + 1)^3, unbiased.
 */
import { timesTransposed } from "./products.ts";
import { countDraws } from "./resample.ts";
import { countRows } from "./rows.ts";

/** Rows taken at a time when the whole matrix of kernels is not wanted. */
const block = 256;

/**
 * KID of the rows of `a` and of `b`, each Float32Array [N, dim], over all pairs (no subsets). Its
 * expectation does not depend on N; it is 0 for sets of one distribution and may be a little negative.
 * @throws PaletteError when a set has fewer than 2 rows, holds parts of rows or what is not a number.
 */
export function kernelDistance(a: Float32Array, b: Float32Array, dim: number): number {
  const { first, second } = bothSets(a, b, dim);
  return within(first, dim) + within(second, dim) - 2 * across(first, second, dim);
}

/**
 * A function from row numbers of `a` (repetitions allowed) to the KID of those rows against all of
 * `b`; every row once gives `kernelDistance(a, b, dim)`. Pairs of a row with itself, which a repetition
 * would bring in, are left out, so that the resamples are centred on the sample. NaN when all rows
 * drawn are one. Memory: 8 n_a^2 bytes.
 * @throws PaletteError as `kernelDistance` does.
 */
export function kernelResampler(
  a: Float32Array,
  b: Float32Array,
  dim: number,
): (rows: Int32Array) => number {
  const { first, second } = bothSets(a, b, dim);
  const count = first.length / dim;
  const own = timesTransposed(first, first, dim);
  for (let i = 0; i < own.length; i++) own[i] = (own[i]! / dim + 1) ** 3;
  const toReference = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    toReference[i] = across(first.subarray(i * dim, (i + 1) * dim), second, dim);
  }
  const reference = within(second, dim);

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
    return inside / pairs + reference - (2 * outside) / total;
  };
}

function bothSets(a: Float32Array, b: Float32Array, dim: number) {
  countRows(a, dim, "The first set of features", 2);
  countRows(b, dim, "The second set of features", 2);
  return { first: Float64Array.from(a), second: Float64Array.from(b) };
}

/** The mean kernel of two different rows of one set. */
function within(x: Float64Array, dim: number): number {
  const n = x.length / dim;
  let same = 0;
  for (let i = 0; i < n; i++) {
    let product = 0;
    for (let k = i * dim; k < (i + 1) * dim; k++) product += x[k]! * x[k]!;
    same += (product / dim + 1) ** 3;
  }
  return (sumOfKernels(x, x, dim) - same) / (n * (n - 1));
}

/** The mean kernel of a row of one set and a row of the other. */
function across(x: Float64Array, y: Float64Array, dim: number): number {
  return sumOfKernels(x, y, dim) / ((x.length / dim) * (y.length / dim));
}

function sumOfKernels(x: Float64Array, y: Float64Array, dim: number): number {
  let sum = 0;
  for (let from = 0; from < x.length; from += block * dim) {
    const products = timesTransposed(x.subarray(from, from + block * dim), y, dim);
    for (const product of products) sum += (product / dim + 1) ** 3;
  }
  return sum;
}

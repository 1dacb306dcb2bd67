/** The Frechet distance of many resamples of one set: what does not change is computed once. */

import { centred, countRows, meanRow } from "./feature-matrix.ts";
import { apart, asFrechetReference, type FrechetReference, sumOfRoots, through } from "./fid.ts";
import { countDraws } from "./resample.ts";

/**
 * Above so many rows its time, their cube, and memory, their square, are too much for a bootstrap.
 */
export const mostResampled = 1000;

/**
 * A function from row numbers of `a` (any number of them from 2 up, repetitions allowed) to the FID
 * of those rows against all of `b`; every row once gives `frechetDistance(a, b, dim)`. A and B are
 * Float32Array [N, dim], `b` also a prepared `frechetReference(b, dim)` with the same result.
 *
 * K = A S_b A^T, [n_a, n_a], is computed once. A row drawn c times counts as one with weight c. So
 * a resample needs the eigenvalues of a matrix of its distinct rows (63 % in a bootstrap), centred
 * on its mean. Memory: 8 n_a^2 bytes; time: that matrix's cubed size.
 *
 * The value of a resample is higher than that of the sample, as it has fewer different rows: use
 * the deviation of such values, not their mean.
 * @throws PaletteError as `frechetDistance` does, and when a prepared reference has another dim.
 */
export function frechetResampler(
  a: Float32Array,
  b: Float32Array | FrechetReference,
  dim: number,
): (rows: Int32Array) => number {
  const count = countRows(a, dim, "The first set of features", 2);
  const reference = asFrechetReference(b, dim);
  const meanOfA = meanRow(a, count, dim);
  const rowsOfA = centred(a, meanOfA);
  const shift = meanOfA.map((value, k) => value - reference.mean[k]!);
  const kernel = through(rowsOfA, reference);
  for (let i = 0; i < kernel.length; i++) kernel[i]! /= reference.rows - 1;
  const origin = new Float64Array(dim);

  return (rows) => {
    const { drawn, weights, total } = countDraws(rows, count, 2);
    const mean = new Float64Array(dim);
    let squares = 0;
    drawn.forEach((row, i) => {
      const at = row * dim;
      let square = 0;
      for (let k = 0; k < dim; k++) {
        const value = rowsOfA[at + k]!;
        mean[k]! += (weights[i]! * value) / total;
        square += value * value;
      }
      squares += weights[i]! * square;
    });
    const trace = (squares - total * apart(mean, origin)) / (total - 1);
    const between = apart(
      mean.map((value, k) => value + shift[k]!),
      origin,
    );
    const matrix = weightedKernel(kernel, count, drawn, weights, total);
    const rank = Math.min(drawn.length - 1, dim, reference.rows - 1);
    const roots = sumOfRoots(matrix, drawn.length, rank);
    return between + trace + reference.trace - 2 * roots;
  };
}

/** (w_i w_j)^(1/2) (K_ij - K_i. - K_.j + K_..) / (total - 1), the means weighted. */
function weightedKernel(
  kernel: Float64Array,
  count: number,
  drawn: readonly number[],
  weights: readonly number[],
  total: number,
): Float64Array {
  const n = drawn.length;
  const means = new Float64Array(n);
  let grand = 0;
  for (let i = 0; i < n; i++) {
    const at = drawn[i]! * count;
    let sum = 0;
    for (let j = 0; j < n; j++) sum += weights[j]! * kernel[at + drawn[j]!]!;
    means[i] = sum / total;
    grand += (weights[i]! * sum) / total / total;
  }
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const at = drawn[i]! * count;
    for (let j = 0; j <= i; j++) {
      const value = kernel[at + drawn[j]!]! - means[i]! - means[j]! + grand;
      const weighted = (Math.sqrt(weights[i]! * weights[j]!) * value) / (total - 1);
      matrix[i * n + j] = weighted;
      matrix[j * n + i] = weighted;
    }
  }
  return matrix;
}

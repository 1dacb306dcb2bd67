/** Distances of features, picture by picture. */
import { PaletteError } from "../../util/errors.ts";
import { mean } from "../../util/mean.ts";
import { countRows } from "./feature-matrix.ts";

/**
 * The paper's perceptual distance (PD): the mean Euclidean distance of row i of `a` to row i of
 * `b`, the features (Inception-v1, pool_3) of a result and of its original. Both are Float32Array
 * [N, dim].
 * @throws PaletteError when the numbers of rows differ, a set is empty, holds parts of rows or what
 * is not a number.
 */
export function perceptualDistance(a: Float32Array, b: Float32Array, dim: number): number {
  return mean(perceptualDistances(a, b, dim));
}

/** The Euclidean distance of each row of `a` to the same row of `b`; see `perceptualDistance`. */
export function perceptualDistances(a: Float32Array, b: Float32Array, dim: number): number[] {
  const rows = countRows(a, dim, "The first set of features");
  const others = countRows(b, dim, "The second set of features");
  if (rows !== others) {
    throw new PaletteError(
      `The sets have ${rows} and ${others} rows: a perceptual distance needs each result and its original.`,
    );
  }
  return Array.from({ length: rows }, (_, i) => distance(a, i * dim, b, i * dim, dim));
}

/**
 * How different the samples of one input are, in features: the mean Euclidean distance of each
 * sample to the next. The paper does this with LPIPS for a distance (sample diversity). `features`
 * is Float32Array [samples, dim]. High: diverse; 0: all samples equal.
 * @throws PaletteError when there are fewer than 2 samples, parts of rows or what is not a number.
 */
export function consecutiveDistance(features: Float32Array, dim: number): number {
  const samples = countRows(features, dim, "The set of an input's samples", 2);
  return mean(
    Array.from({ length: samples - 1 }, (_, i) =>
      distance(features, i * dim, features, (i + 1) * dim, dim),
    ),
  );
}

function distance(
  a: Float32Array,
  fromA: number,
  b: Float32Array,
  fromB: number,
  dim: number,
): number {
  let sum = 0;
  for (let k = 0; k < dim; k++) sum += (a[fromA + k]! - b[fromB + k]!) ** 2;
  return Math.sqrt(sum);
}

/** Sets of feature vectors: Float32Array [N, dim], row by row. */
import { PaletteError } from "../../util/errors.ts";

/**
 * How many rows `values` holds.
 * @throws PaletteError when the length is no multiple of `dim`, a value is not a finite number or
 * there are fewer than `least` rows. `what` names the set in the message.
 */
export function countRows(values: Float32Array, dim: number, what: string, least = 1): number {
  if (!Number.isInteger(dim) || dim < 1) {
    throw new PaletteError(`The length of a row must be a whole number from 1 up, not ${dim}.`);
  }
  if (values.length % dim !== 0) {
    throw new PaletteError(
      `${what} holds ${values.length} numbers, which is no multiple of the row length ${dim}: pass whole rows.`,
    );
  }
  const rows = values.length / dim;
  if (rows < least) {
    const were = rows === 1 ? "only 1 was" : `${rows} were`;
    throw new PaletteError(
      `${what} needs at least ${least} ${least === 1 ? "row" : "rows"}, but ${were} given: use more pictures.`,
    );
  }
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new PaletteError(
        `${what} holds ${values[i]} in row ${Math.floor(i / dim)}: compute the row again from its picture.`,
      );
    }
  }
  return rows;
}

/** @throws PaletteError when a prepared reference has rows of another length. */
export function sameLength(ofReference: number, dim: number): void {
  if (ofReference !== dim) {
    throw new PaletteError(
      `The reference's rows have ${ofReference} features, not ${dim}: compute both sets by one network.`,
    );
  }
}

/** The mean row, [dim], of [rows, dim]. */
export function meanRow(values: Float32Array, rows: number, dim: number): Float64Array {
  const mean = new Float64Array(dim);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let k = 0; k < dim; k++, at++) mean[k]! += values[at]!;
  }
  for (let k = 0; k < dim; k++) mean[k]! /= rows;
  return mean;
}

/** The rows less `mean`, [rows, dim], in double precision. */
export function centred(values: Float32Array, mean: Float64Array): Float64Array {
  const out = new Float64Array(values.length);
  const dim = mean.length;
  for (let at = 0; at < out.length; at += dim) {
    for (let k = 0; k < dim; k++) out[at + k] = values[at + k]! - mean[k]!;
  }
  return out;
}

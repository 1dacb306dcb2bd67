/** Row numbers drawn with repetition, as rows with weights. */
import { PaletteError } from "../../util/errors.ts";

export interface Draws {
  /** The rows that were drawn at all, ascending. */
  readonly drawn: readonly number[];
  /** How often each of them was drawn. */
  readonly weights: readonly number[];
  /** The sum of the weights. */
  readonly total: number;
}

/**
 * Counts how often each row was drawn.
 * @throws PaletteError when there are fewer than `least` draws or one is not from 0 to `count` - 1.
 */
export function countDraws(rows: Int32Array, count: number, least = 1): Draws {
  if (rows.length < least) {
    throw new PaletteError(
      `A resample needs at least ${least} rows, but ${rows.length} were given: use more pictures.`,
    );
  }
  const times = new Int32Array(count);
  for (const row of rows) {
    if (row < 0 || row >= count) {
      throw new PaletteError(`There is no row ${row}: rows are counted from 0 to ${count - 1}.`);
    }
    times[row]! += 1;
  }
  const drawn: number[] = [];
  const weights: number[] = [];
  times.forEach((weight, row) => {
    if (weight === 0) return;
    drawn.push(row);
    weights.push(weight);
  });
  return { drawn, weights, total: rows.length };
}

/**
 * A function from row numbers to the mean of these rows' values: PD, CA, PSNR and SSIM resampled.
 */
export function meanResampler(values: ArrayLike<number>): (rows: Int32Array) => number {
  return (rows) => {
    const { drawn, weights, total } = countDraws(rows, values.length);
    return drawn.reduce((sum, row, i) => sum + weights[i]! * values[row]!, 0) / total;
  };
}

/**
 * How much a number would differ with other photos (the bootstrap: Efron 1979). Crops of one photo are
 * alike, so photos are drawn, with repetition and as many as there are, each with all its crops.
 *
 * The interval that is reported is value +- 1.96 deviations. It says how much chance there is in the
 * choice of photos. It does not cover a bias: FID is too high at small N, and stays so in all
 * resamples; the reference set is not resampled either.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { PaletteError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";

export interface BootstrapOptions {
  /** The group (photo) of each row; any numbers. */
  readonly groups: readonly number[];
  /** How many resamples; 200 gives the deviation to 5 %. */
  readonly replicates: number;
  /** The same seed gives the same resamples on every machine, for whatever statistic. */
  readonly seed: number;
}

export interface AsyncBootstrapOptions extends BootstrapOptions {
  readonly signal?: AbortSignal;
}

/** A number computed from some rows, which may repeat. */
export type Statistic = (rows: Int32Array) => number;

/**
 * The standard deviation of `statistic` when whole groups are resampled. A resample without a finite
 * value (all rows one, say) is left out.
 * @throws PaletteError when there are fewer than 2 groups or replicates, or fewer than 2 finite values.
 */
export function bootstrapDeviation(options: BootstrapOptions, statistic: Statistic): number {
  const resample = resampler(options);
  const values: number[] = [];
  for (let k = 0; k < options.replicates; k++) values.push(statistic(resample(k)));
  return deviation(values);
}

/**
 * `bootstrapDeviation` with the same result, which lets other work go on between two resamples.
 * @throws as `bootstrapDeviation` does, and the signal's reason once it is aborted.
 */
export async function bootstrapDeviationAsync(
  options: AsyncBootstrapOptions,
  statistic: Statistic,
): Promise<number> {
  const resample = resampler(options);
  const values: number[] = [];
  for (let k = 0; k < options.replicates; k++) {
    options.signal?.throwIfAborted();
    values.push(statistic(resample(k)));
    await nextTurn();
  }
  options.signal?.throwIfAborted();
  return deviation(values);
}

/** The rows of resample k. */
function resampler({ groups, replicates, seed }: BootstrapOptions): (k: number) => Int32Array {
  const members = new Map<number, number[]>();
  groups.forEach((group, row) => {
    const rows = members.get(group);
    if (rows) rows.push(row);
    else members.set(group, [row]);
  });
  if (members.size < 2) {
    throw new PaletteError(
      `A bootstrap needs at least 2 photos, but there are ${members.size}: use more photos or no interval.`,
    );
  }
  if (!Number.isInteger(replicates) || replicates < 2) {
    throw new PaletteError(`A bootstrap needs at least 2 replicates, not ${replicates}.`);
  }
  const photos = [...members.values()];
  return (k) => {
    const random = Random.from(seed, "bootstrap", k);
    return Int32Array.from(photos.flatMap(() => random.pick(photos)));
  };
}

function deviation(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) {
    throw new PaletteError("The bootstrap gave no numbers: use more photos or no interval.");
  }
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (finite.length - 1));
}

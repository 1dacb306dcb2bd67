/**
 * The scatter of a number over the choice of photos (the bootstrap: Efron 1979). Crops of one photo
 * are alike, so whole photos are drawn with repetition, each with all its crops.
 *
 * The reported interval is value +- 1.96 deviations. It does not cover a bias: FID is too high at
 * small N, and stays so in all resamples. The reference set is not resampled.
 */
import { PaletteError } from "../../util/errors.ts";
import { mean } from "../../util/mean.ts";
import { pause } from "../../util/pause.ts";
import { Random } from "../../util/random.ts";

export interface BootstrapOptions {
  /** The group (photo) of each row; any numbers. */
  readonly groups: readonly number[];
  /** Number of resamples; 200 give the deviation to 5 %. */
  readonly replicates: number;
  /** The same seed gives the same resamples on every machine and for every statistic. */
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** A number computed from some rows, which may repeat. */
export type Statistic = (rows: Int32Array) => number;

/** Milliseconds of computing before other work may go on. */
const turn = 50;

/**
 * The standard deviation of `statistic` over resamples of whole groups. Resamples without a finite
 * value (only one row drawn, for example) are left out. Other work goes on meanwhile.
 * @throws PaletteError when there are fewer than 2 groups, replicates or finite values; the
 * signal's reason once it is aborted.
 */
export async function bootstrapDeviation(
  options: BootstrapOptions,
  statistic: Statistic,
): Promise<number> {
  return deviation(await bootstrapValues(options, statistic));
}

/**
 * The statistic on each resample: number k of two sets of the same groups is of the same draw of
 * photos, so that their difference is one of pairs.
 * @throws as `bootstrapDeviation`
 */
export async function bootstrapValues(
  options: BootstrapOptions,
  statistic: Statistic,
): Promise<number[]> {
  const resample = resampler(options);
  const values: number[] = [];
  let paused = performance.now();
  for (let k = 0; k < options.replicates; k++) {
    options.signal?.throwIfAborted();
    values.push(statistic(resample(k)));
    if (performance.now() - paused < turn) continue;
    await pause();
    paused = performance.now();
  }
  options.signal?.throwIfAborted();
  return values;
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
  const centre = mean(finite);
  const squares = finite.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (finite.length - 1));
}

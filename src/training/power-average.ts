/**
 * Averages of the weights whose length is chosen after the training (EDM2: Karras et al. 2024,
 * section 3 and appendix C). An average of exponent gamma weighs the weights after t images by
 * t^gamma; its length sigma_rel is the width of that profile, as a part of the training so far.
 * Two such averages are kept beside the training, and snapshots of them now and then. An average of
 * another length is the sum of snapshots whose profile is nearest to its own.
 *
 * Here t counts from the first image that the averages know of: the beginning of the run, or the
 * image at which the run was first continued with them.
 */
import type { PowerAverage } from "./step/optimizer.ts";

/** The lengths of the averages that are kept, as in EDM2. */
export const keptLengths: Readonly<Record<PowerAverage, number>> = {
  emaShort: 0.05,
  emaLong: 0.1,
};

/** Lengths that the snapshots can give, see `Combination.error`. */
export const shortestLength = 0.02;
export const longestLength = 0.25;

/** The exponent of a length, from sigma_rel^2 = (gamma + 1) / ((gamma + 2)^2 (gamma + 3)). */
export function exponentOf(length: number): number {
  const lengthOf = (gamma: number) => Math.sqrt((gamma + 1) / (gamma + 3)) / (gamma + 2);
  // It falls from 0.289 at exponent 0.
  let [low, high] = [0, 1 / length];
  for (let k = 0; k < 100; k++) {
    const middle = (low + high) / 2;
    if (lengthOf(middle) > length) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The weight of an average before an update in that after it, (1 - images / t)^(gamma + 1): nothing
 * at the first one.
 * @param images of the update
 * @param t images since the averages began, with those of the update
 */
export function powerDecay(length: number, images: number, t: number): number {
  return (1 - images / t) ** (exponentOf(length) + 1);
}

/** Snapshots while the number of images doubles: each is 9 % later than the one before. */
const perDoubling = 8;
/** Snapshots after fewer than a 16th of the images add nothing to lengths up to 0.25. */
const doublingsKept = 4;
/** Updates before the first snapshot: earlier ones would come with every update. */
const updatesBefore = 16;

/** At most so many are kept, beside the averages themselves. */
export const mostSnapshots = perDoubling * doublingsKept + 1;

/**
 * Whether a snapshot is due after an update.
 * @param before images since the averages began, before the update
 * @param after the same after it
 */
export function snapshotDue(before: number, after: number): boolean {
  const place = (t: number) => Math.floor(perDoubling * Math.log2(t));
  return before >= updatesBefore * (after - before) && place(after) > place(before);
}

/**
 * Whether a snapshot is of use.
 * @param t images since the averages began, at the snapshot
 * @param now the same at the present
 */
export function snapshotKept(t: number, now: number): boolean {
  return t <= now && t * 2 ** doublingsKept >= now;
}

/** The history as it outlives a reload: of a long one the newest steps. Pure values. */
import type { KeptImage } from "../restorer.ts";
import type { Cursor, History, Place, Step } from "./history.ts";

/** A photo of the history, its file apart. */
export interface KeptPhoto {
  readonly file: string;
  /** Of an answer. */
  readonly restored?: KeptImage;
}

/**
 * The steps that there is room for: the opened photo and where one stands in any case, then the
 * newest.
 * @param size of a photo, in the unit of `most`
 */
export function newestSteps<P>(
  { steps, cursor }: History<P>,
  size: (photo: P) => number,
  most: number,
): ReadonlySet<number> {
  const sizeOf = ({ answers }: Step<P>) => answers.reduce((sum, photo) => sum + size(photo), 0);
  const { base, review = 0 } = cursor;
  const kept = new Set([0, base.step, review]);
  let room = most;
  for (const index of kept) room -= sizeOf(steps[index]!);
  for (let index = steps.length - 1; index > 0; index--) {
    if (kept.has(index)) continue;
    room -= sizeOf(steps[index]!);
    if (room < 0) break;
    kept.add(index);
  }
  return kept;
}

/**
 * The history without the answers of the other steps; places stay as they are. A step that began
 * with an answer that is gone begins with its own first.
 */
export function withSteps<P>(history: History<P>, kept: ReadonlySet<number>): History<P> {
  const steps = history.steps.map((step, index): Step<P> => {
    const { from, ...rest } = step;
    if (!kept.has(index)) return { ...rest, answers: [] };
    return from === undefined || kept.has(from.step) ? step : rest;
  });
  const isThere = ({ step, answer }: Place) => answer < (steps[step]?.answers.length ?? 0);
  const stands = ({ base, review }: Cursor) =>
    isThere(base) && (review === undefined || steps[review]?.from !== undefined);
  return {
    steps,
    cursor: history.cursor,
    past: history.past.filter(stands),
    future: history.future.filter(stands),
  };
}

/** The history of what is made of its photos. */
export function mapPhotos<P, Q>(history: History<P>, make: (photo: P) => Q): History<Q> {
  const steps = history.steps.map((step) => ({ ...step, answers: step.answers.map(make) }));
  return { ...history, steps };
}

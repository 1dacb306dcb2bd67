/**
 * Who sees what. Each subject sees some of the photos, each at most once, answered by one model in
 * one condition. The pairs that have been seen least come first, so that all pairs get equally many
 * votes, also when subjects leave. Sides and order are random.
 */
import type { Random } from "../util/random.ts";

export const sides = ["left", "right"] as const;
export type Side = (typeof sides)[number];

/** "practice" tells the right answer afterwards; a "check" has a plain right answer. */
export type TrialKind = "practice" | "check" | "pair";

export interface Trial {
  readonly kind: TrialKind;
  /** The number of the practice pair, the check or the pair. */
  readonly item: number;
  /** Where the camera's picture is. */
  readonly truth: Side;
}

/** How many of each there are; a pair's number is photo * cells + cell. */
export interface Design {
  readonly photos: number;
  /** Models in conditions: what a fool rate is given for. */
  readonly cells: number;
  /** Pairs that a subject sees. */
  readonly trials: number;
  readonly practice: number;
  readonly checks: number;
}

/**
 * The trials of a further subject: practice first, then pairs with the checks among them.
 * @param seen how often each pair has been, or is being, seen
 */
export function assignTrials(design: Design, seen: readonly number[], random: Random): Trial[] {
  const pairs = choosePairs(design, seen, random).map((item) => ({ kind: "pair" as const, item }));
  const checks = numbers(design.checks).map((item) => ({ kind: "check" as const, item }));
  const practice = numbers(design.practice).map((item) => ({ kind: "practice" as const, item }));
  const main = shuffled([...pairs, ...checks], random);
  // A check before anything else would look like a practice trial.
  const first = main.findIndex(({ kind }) => kind === "pair");
  if (first > 0) [main[0], main[first]] = [main[first]!, main[0]!];
  return [...withSides(practice, random), ...withSides(main, random)];
}

/** The photos seen least, and of each the cell seen least; then those this subject has least of. */
function choosePairs(
  { photos, cells, trials }: Design,
  seen: readonly number[],
  random: Random,
): number[] {
  const ofPhoto = numbers(photos).map((photo) =>
    seen.slice(photo * cells, (photo + 1) * cells).reduce((sum, count) => sum + count, 0),
  );
  const order = shuffled(numbers(photos), random).sort((a, b) => ofPhoto[a]! - ofPhoto[b]!);
  const own = new Array<number>(cells).fill(0);
  return order.slice(0, trials).map((photo) => {
    const count = (cell: number) => seen[photo * cells + cell] ?? 0;
    const [cell = 0] = shuffled(numbers(cells), random).sort(
      (a, b) => count(a) - count(b) || own[a]! - own[b]!,
    );
    own[cell]!++;
    return photo * cells + cell;
  });
}

/** Each side for half of the trials, in random order; an odd one falls to either. */
function withSides<T>(trials: readonly T[], random: Random): (T & { truth: Side })[] {
  const start = random.integer(0, 1);
  const order = shuffled(numbers(trials.length), random);
  return trials.map((trial, k) => ({ ...trial, truth: sides[(order[k]! + start) % 2]! }));
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, k) => k);
}

/** A copy in random order (Fisher-Yates). */
function shuffled<T>(values: readonly T[], random: Random): T[] {
  const all = [...values];
  for (let k = all.length - 1; k > 0; k--) {
    const other = random.integer(0, k);
    [all[k], all[other]] = [all[other]!, all[k]!];
  }
  return all;
}

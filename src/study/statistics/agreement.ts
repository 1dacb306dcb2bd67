/** How far subjects agree on the same pair. */
import type { Judgement } from "./interval.ts";

export interface Agreement {
  /** The share of equal votes among all two votes on one pair; undefined where no pair has two. */
  readonly equal?: number;
  /**
   * Krippendorff's alpha (nominal): 1 where votes on a pair are alike, 0 where they agree as by
   * chance; undefined where all votes are the same or no pair has two.
   */
  readonly alpha?: number;
}

export function agreement(votes: readonly Judgement[]): Agreement {
  const pairs = new Map<number, [yes: number, no: number]>();
  for (const { photo, fooled } of votes) {
    const counts = pairs.get(photo) ?? [0, 0];
    counts[fooled ? 0 : 1]++;
    pairs.set(photo, counts);
  }
  let [observed, equal, comparisons, yes, no] = [0, 0, 0, 0, 0];
  for (const [a, b] of pairs.values()) {
    const count = a + b;
    if (count < 2) continue;
    observed += (2 * a * b) / (count - 1);
    equal += a * (a - 1) + b * (b - 1);
    comparisons += count * (count - 1);
    yes += a;
    no += b;
  }
  if (comparisons === 0) return {};
  const expected = (2 * yes * no) / (yes + no - 1);
  return {
    equal: equal / comparisons,
    ...(expected > 0 && { alpha: 1 - observed / expected }),
  };
}

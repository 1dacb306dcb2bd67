import { describe, expect, it } from "vitest";
import {
  type Effects,
  populationRate,
  simulatedVotes,
} from "../../../test/support/simulated-study.ts";
import { agreement } from "./agreement.ts";
import { crossedInterval, type Interval, type Judgement, wilson } from "./interval.ts";

const intervals = {
  wilson: (votes: readonly Judgement[]): Interval =>
    wilson(votes.filter(({ fooled }) => fooled).length, votes.length),
  crossed: (votes: readonly Judgement[]) => crossedInterval(votes, { replicates: 200 }),
};

/** The share of 1,000 simulated studies whose interval holds the true fool rate. */
function coverage(effects: Effects, kinds: readonly (keyof typeof intervals)[]): number[] {
  const truth = populationRate(effects);
  const held = kinds.map(() => 0);
  for (let study = 0; study < 1000; study++) {
    const votes = simulatedVotes(effects, study);
    for (const [k, kind] of kinds.entries()) {
      const { low, high } = intervals[kind](votes);
      if (low <= truth && truth <= high) held[k]!++;
    }
  }
  return held.map((count) => count / 1000);
}

describe("wilson", () => {
  it("gives Wilson's interval", () => {
    // Newcombe 1998, Table I: 81 of 263, 15 of 148, 0 of 20.
    for (const [count, total, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
    ] as const) {
      expect(wilson(count, total).low).toBeCloseTo(low, 4);
      expect(wilson(count, total).high).toBeCloseTo(high, 4);
    }
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });

  it("holds the fool rate of independent votes in 93 to 97 % of 1,000 studies", () => {
    const effects = { logit: -0.4, subjects: 0, photos: 0 };
    // The other interval does, too, though it looks for more.
    for (const share of coverage(effects, ["wilson", "crossed"])) {
      expect(share).toBeGreaterThanOrEqual(0.93);
      expect(share).toBeLessThanOrEqual(0.97);
    }
  });
});

describe("crossedInterval", () => {
  it.each([
    { logit: -0.1, subjects: 0.5, photos: 0.8 },
    { logit: -1, subjects: 0.3, photos: 1.2 },
  ])("holds it where subjects and photos differ (%o), where Wilson's does not", (effects) => {
    const [share, tooNarrow] = coverage(effects, ["crossed", "wilson"]);
    expect(share).toBeGreaterThanOrEqual(0.93);
    expect(share).toBeLessThanOrEqual(0.97);
    expect(tooNarrow).toBeLessThan(0.9);
  });

  it("is Wilson's where there is nothing to resample", () => {
    const none = [0, 1, 2].map((subject) => ({ subject, photo: subject, fooled: false }));
    expect(crossedInterval(none)).toEqual(wilson(0, 3));
    const one = [0, 1].map((photo) => ({ subject: 0, photo, fooled: photo === 0 }));
    expect(crossedInterval(one)).toEqual(wilson(1, 2));
  });
});

describe("agreement", () => {
  const votes = (...pairs: string[]): Judgement[] =>
    pairs.flatMap((letters, photo) =>
      [...letters].map((letter, subject) => ({ subject, photo, fooled: letter === "y" })),
    );

  it("is 1 where all agree, and below 0 where they never do", () => {
    expect(agreement(votes("yyy", "nnn"))).toEqual({ equal: 1, alpha: 1 });
    expect(agreement(votes("yn", "yn")).alpha).toBeLessThan(0);
    expect(agreement(votes("y", "n"))).toEqual({});
    expect(agreement(votes("yy", "yy"))).toEqual({ equal: 1 });
  });

  it("gives Krippendorff's alpha for two observers of ten units", () => {
    // Krippendorff 2011, section A: binary data, alpha = 0.095.
    const [a, b] = ["0100000000", "1110010010"];
    const units = Array.from({ length: 10 }, (_, k) =>
      `${a![k]}${b![k]}`.replaceAll("1", "y").replaceAll("0", "n"),
    );
    expect(agreement(votes(...units)).alpha).toBeCloseTo(0.095, 3);
  });
});

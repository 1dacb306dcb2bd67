import { describe, expect, it } from "vitest";
import { Random } from "../util/random.ts";
import { effectOf } from "./effect.ts";
import type { Comparison } from "./study-file.ts";
import { type Compared, outcomeOf, sentenceOf, together } from "./verdict.ts";

const comparison: Comparison = {
  ...{ says: "a is better", metric: "kid", of: "a", against: "b" },
  ...{ as: "difference", expect: "lower", margin: 0 },
};

describe("an effect over seeds and photos", () => {
  it("is that of pairs: what photos do to both arms alike is no part of it", () => {
    const random = Random.from("pairs");
    const replicates = Array.from({ length: 100 }, () => random.normal());
    const shifted = replicates.map((value) => value + 2);
    const pair = { of: { value: 7, replicates: shifted }, against: { value: 5, replicates } };
    const { value, low, high } = effectOf([pair], "difference", 40);
    expect([value, low, high].map((one) => one?.toFixed(9))).toEqual(Array(3).fill("2.000000000"));
    expect(effectOf([{ of: pair.of }], "difference", 40).high).toBeGreaterThan(8.5);
  });

  it("with two seeds that differ much says nothing, and one seed is over photos alone", () => {
    const at = (value: number) => ({
      value,
      replicates: Array.from({ length: 50 }, (_, k) => value + 0.01 * (k % 5)),
    });
    const seeds = [at(1), at(3)].map((of) => ({ of, against: at(0) }));
    const { low, high } = effectOf(seeds, "difference", 40);
    expect([low! < 0, high! > 4]).toEqual([true, true]);
    expect(effectOf(seeds.slice(0, 1), "difference", 40).low).toBeGreaterThan(0.9);
  });

  it("without resamples has an interval over seeds, and with one seed none", () => {
    const of = { value: 3, replicates: [] };
    expect(effectOf([{ of }], "difference", 40)).toEqual({ value: 3, seeds: 1 });
    expect(effectOf([{ of }, { of: { ...of, value: 5 } }], "difference", 40)).toMatchObject({
      value: 4,
      low: expect.closeTo(4 - 12.706, 2),
    });
  });

  it("covers the truth in nine of ten studies of two seeds that differ as much as photos do", () => {
    const random = Random.from("coverage");
    let covered = 0;
    const studies = 300;
    for (let study = 0; study < studies; study++) {
      const pairs = [0, 1].map(() => {
        const seed = 0.1 * random.normal();
        const photos = Array.from({ length: 30 }, () => 1 + seed + 0.5 * random.normal());
        const mean = (rows: readonly number[]) => rows.reduce((a, b) => a + b) / rows.length;
        const replicates = Array.from({ length: 40 }, () =>
          mean(photos.map(() => random.pick(photos))),
        );
        return { of: { value: mean(photos), replicates } };
      });
      const { low, high } = effectOf(pairs, "difference", 30);
      if (low! <= 1 && 1 <= high!) covered++;
    }
    expect(covered / studies).toBeGreaterThan(0.86);
    expect(covered / studies).toBeLessThan(0.98);
  });
});

describe("a verdict", () => {
  const effect = (low: number, high: number) => ({ value: (low + high) / 2, low, high, seeds: 2 });

  it("needs the whole interval on one side", () => {
    expect(outcomeOf(effect(-3, -1), comparison)).toBe("holds");
    expect(outcomeOf(effect(1, 3), comparison)).toBe("fails");
    expect(outcomeOf(effect(-1, 3), comparison)).toBe("open");
    expect(outcomeOf({ value: -5, seeds: 1 }, comparison)).toBe("open");
  });

  it("of a ratio with a tolerance, and of equality", () => {
    const within = { as: "ratio", margin: 0.05 } as const;
    expect(outcomeOf(effect(0.98, 1.04), { ...within, expect: "lower" })).toBe("holds");
    expect(outcomeOf(effect(0.98, 1.06), { ...within, expect: "lower" })).toBe("open");
    expect(outcomeOf(effect(0.96, 1.04), { ...within, expect: "equal" })).toBe("holds");
    expect(outcomeOf(effect(1.06, 1.2), { ...within, expect: "equal" })).toBe("fails");
    expect(outcomeOf(effect(0.96, 1.2), { ...within, expect: "equal" })).toBe("open");
    expect(outcomeOf(effect(0.96, 1.2), { ...within, expect: "higher" })).toBe("holds");
  });

  it("of several claims holds if all do, and fails if one does", () => {
    expect(together(["holds", "holds"])).toBe("holds");
    expect(together(["holds", "open"])).toBe("open");
    expect(together(["open", "fails"])).toBe("fails");
    expect(together([])).toBe("open");
  });

  it("is one sentence with the interval that is least in favour", () => {
    const rows = [
      { title: "Easy", effect: effect(-0.009, -0.008), outcome: "holds" },
      { title: "Hard", effect: effect(-0.003, -0.001), outcome: "holds" },
    ] as const;
    const claim: Compared = { comparison, rows, outcome: "holds" };
    expect(sentenceOf([claim], "The paper's direction")).toBe(
      'The paper\'s direction holds at this size: "a is better" holds in 2 of 2 conditions (Hard: KID ×10³, a − b, −2.0, 95 % −3.0 to −1.0; expected below 0).',
    );
  });
});

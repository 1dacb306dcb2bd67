import { describe, expect, it } from "vitest";
import { Random } from "../util/random.ts";
import { assignTrials, type Design } from "./design.ts";

const seenBy = (design: Design, subjects: number, seed = 1) => {
  const seen = new Array<number>(design.photos * design.cells).fill(0);
  const all = Array.from({ length: subjects }, (_, k) => {
    const trials = assignTrials(design, seen, Random.from(seed, k));
    for (const { kind, item } of trials) if (kind === "pair") seen[item]!++;
    return trials;
  });
  return { seen, all };
};

describe("assignTrials", () => {
  it("gives each of 100 pairs 25 votes of 50 subjects by 50, and no photo twice", () => {
    const design = { photos: 100, cells: 1, trials: 50, practice: 3, checks: 5 };
    const { seen, all } = seenBy(design, 50);
    expect(seen).toEqual(new Array(100).fill(25));
    for (const trials of all) {
      const photos = trials.filter(({ kind }) => kind === "pair").map(({ item }) => item);
      expect(new Set(photos).size).toBe(50);
      const main = trials.slice(3);
      const left = main.filter(({ truth }) => truth === "left").length;
      expect([27, 28]).toContain(left);
      expect(trials.slice(0, 3).every(({ kind }) => kind === "practice")).toBe(true);
      expect(trials[3]!.kind).toBe("pair");
      const checks = trials.filter(({ kind }) => kind === "check");
      expect(checks.map(({ item }) => item).sort()).toEqual([0, 1, 2, 3, 4]);
    }
  });

  it("never lets two pairs differ by more than one vote, and deals models out evenly", () => {
    const design = { photos: 23, cells: 4, trials: 10, practice: 0, checks: 0 };
    for (const subjects of [1, 7, 30]) {
      const { seen, all } = seenBy(design, subjects, subjects);
      expect(Math.max(...seen) - Math.min(...seen)).toBeLessThanOrEqual(1);
      for (const trials of all) {
        expect(new Set(trials.map(({ item }) => Math.floor(item / 4))).size).toBe(10);
      }
    }
    const [first] = seenBy(design, 1).all;
    const cells = [0, 1, 2, 3].map((cell) => first!.filter(({ item }) => item % 4 === cell).length);
    expect(Math.max(...cells) - Math.min(...cells)).toBeLessThanOrEqual(1);
  });

  it("orders and sides differ from subject to subject", () => {
    const design = { photos: 6, cells: 1, trials: 6, practice: 0, checks: 0 };
    const { all } = seenBy(design, 8);
    expect(new Set(all.map((trials) => JSON.stringify(trials))).size).toBe(8);
  });
});

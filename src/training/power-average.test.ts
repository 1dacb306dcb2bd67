import { describe, expect, it } from "vitest";
import { exponentOf, keptLengths, powerDecay, snapshotDue, snapshotKept } from "./power-average.ts";
import { combine, type Profile } from "./profile-combination.ts";

describe("power-function averages", () => {
  it("have the exponents of EDM2's lengths", () => {
    expect(exponentOf(0.05)).toBeCloseTo(16.97, 2);
    expect(exponentOf(0.1)).toBeCloseTo(6.94, 2);
    expect(exponentOf(0.25)).toBeCloseTo(0.72, 2);
  });

  it("forget what they began with at the first update", () => {
    expect(powerDecay(0.1, 16, 16)).toBe(0);
    expect(powerDecay(0.1, 16, 1e6)).toBeCloseTo(1 - (7.937 * 16) / 1e6, 8);
  });

  it("are as wide as their length says", () => {
    const weights = followed(4000, [0.1]).at(-1)!.profiles[0]!;
    const sum = (power: number) =>
      weights.reduce((total, weight, k) => total + weight * ((k + 1) / 4000) ** power, 0);
    expect(sum(0)).toBeCloseTo(1, 10);
    expect(Math.sqrt(sum(2) - sum(1) ** 2)).toBeCloseTo(0.1, 3);
  });
});

describe("a combination of snapshots", () => {
  const updates = 700;
  const lengths = [0.03, 0.05, 0.07, 0.1, 0.2];
  const all = followed(updates, [keptLengths.emaShort, keptLengths.emaLong, ...lengths]);
  const snapshots = all.filter(
    ({ t }) => t === updates || (snapshotDue(t - 1, t) && snapshotKept(t, updates)),
  );
  const kept = snapshots.flatMap(({ t, profiles }) =>
    Object.values(keptLengths).map((length, k) => ({ t, length, weights: profiles[k]! })),
  );

  it.each(lengths)("is the average of length %d that was never kept", (length) => {
    const { shares, error } = combine(kept satisfies Profile[], { length, t: updates });
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    const wanted = all.at(-1)!.profiles[2 + lengths.indexOf(length)]!;
    const found = wanted.map((_, k) =>
      shares.reduce((sum, share, one) => sum + share * (kept[one]!.weights[k] ?? 0), 0),
    );
    const norm = (values: number[]) => Math.hypot(...values);
    const distance = norm(found.map((value, k) => value - wanted[k]!)) / norm(wanted);
    // The error told is that of averages in continuous time.
    expect(error).toBeLessThan(length < 0.05 ? 0.07 : 0.03);
    expect(Math.abs(distance - error)).toBeLessThan(0.02);
  });

  it("says how far it is off where there are no snapshots", () => {
    const ends = kept.slice(-2);
    expect(combine(ends, { length: 0.05, t: updates }).error).toBeLessThan(1e-6);
    expect(combine(ends, { length: 0.2, t: updates }).error).toBeGreaterThan(0.1);
  });
});

describe("snapshots", () => {
  it("come with every 9 % of images, and are 33 at most", () => {
    const images = 16;
    let kept: number[] = [];
    let most = 0;
    for (let t = images; t < 4e6; t += images) {
      if (!snapshotDue(t - images, t)) continue;
      kept = [...kept, t].filter((at) => snapshotKept(at, t));
      most = Math.max(most, kept.length);
    }
    expect(most).toBeLessThanOrEqual(33);
    const ratios = kept.slice(1).map((t, k) => t / kept[k]!);
    for (const ratio of ratios) expect(ratio).toBeCloseTo(2 ** (1 / 8), 3);
  });

  it("are none of the future: those images will be seen again", () => {
    expect(snapshotKept(100, 99)).toBe(false);
    expect(snapshotKept(100, 1600)).toBe(true);
    expect(snapshotKept(100, 1601)).toBe(false);
  });
});

/** What each update's weights count in averages of some lengths, after each update of one image. */
function followed(updates: number, lengths: readonly number[]) {
  const now: number[][] = lengths.map(() => []);
  return Array.from({ length: updates }, (_, k) => {
    const t = k + 1;
    const profiles = now.map((weights, one) => {
      const decay = powerDecay(lengths[one]!, 1, t);
      for (let i = 0; i < weights.length; i++) weights[i]! *= decay;
      weights.push(1 - decay);
      return [...weights];
    });
    return { t, profiles };
  });
}

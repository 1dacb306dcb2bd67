import { describe, expect, it } from "vitest";
import { PaletteError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import { bootstrapDeviation } from "./bootstrap.ts";
import { meanResampler } from "./resample.ts";

const count = 100;
const random = Random.from(7);
const values = Float64Array.from({ length: count }, () => random.normal());
const mean = values.reduce((sum, v) => sum + v, 0) / count;
const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / count);
const each = Array.from(values, (_, i) => i);

describe("bootstrapDeviation", () => {
  it("of a mean is the deviation over the root of N", async () => {
    const options = { groups: each, replicates: 2000, seed: 1 };
    const deviation = await bootstrapDeviation(options, meanResampler(values));
    expect(deviation / (spread / Math.sqrt(count))).toBeCloseTo(1, 1);
  });

  it("does not shrink when every photo comes with four equal crops", async () => {
    const crops = { groups: each.flatMap((i) => [i, i, i, i]), replicates: 2000, seed: 1 };
    const repeated = [...values].flatMap((v) => [v, v, v, v]);
    const deviation = await bootstrapDeviation(crops, meanResampler(repeated));
    expect(deviation / (spread / Math.sqrt(count))).toBeCloseTo(1, 1);
  });

  it("draws whole photos", async () => {
    await bootstrapDeviation({ groups: [5, 9, 5, 9, 5], replicates: 20, seed: 1 }, (rows) => {
      const times = [0, 1, 2, 3, 4].map((row) => rows.filter((r) => r === row).length);
      expect(times[0]).toBe(times[2]);
      expect(times[0]).toBe(times[4]);
      expect(times[1]).toBe(times[3]);
      expect(times[0]! + times[1]!).toBe(2);
      return 0;
    });
  });

  it("repeats with the seed and differs with another", async () => {
    const options = { groups: each, replicates: 50, seed: 1 };
    const one = await bootstrapDeviation(options, meanResampler(values));
    expect(await bootstrapDeviation(options, meanResampler(values))).toBe(one);
    const other = await bootstrapDeviation({ ...options, seed: 2 }, meanResampler(values));
    expect(other).not.toBe(one);
  });

  it("leaves out resamples without a value", async () => {
    const options = { groups: [1, 2], replicates: 100, seed: 1 };
    const statistic = (rows: Int32Array) => (rows[0] === rows[1] ? Number.NaN : 4);
    expect(await bootstrapDeviation(options, statistic)).toBe(0);
    const none = bootstrapDeviation(options, () => Number.NaN);
    await expect(none).rejects.toThrow(PaletteError);
  });

  it("stops when asked, and lets others go on meanwhile", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 5);
    const options = { groups: each, replicates: 1e7, seed: 1, signal: stop.signal };
    await expect(bootstrapDeviation(options, meanResampler(values))).rejects.toThrow("enough");
  });

  it("needs 2 photos and 2 replicates", async () => {
    const call = (groups: number[], replicates: number) =>
      bootstrapDeviation({ groups, replicates, seed: 1 }, () => 0);
    await expect(call([3, 3, 3], 10)).rejects.toThrow("at least 2 photos");
    await expect(call([1, 2], 1)).rejects.toThrow("at least 2 replicates");
  });
});

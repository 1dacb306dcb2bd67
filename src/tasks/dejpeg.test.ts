import { describe, expect, it } from "vitest";
import { context } from "../../test/support/task-context.ts";
import { createImage } from "../image/image.ts";
import { jpegRoundTrip } from "../node/jpeg.ts";
import { Random } from "../util/random.ts";
import { dejpeg, qualityProbabilities, randomQuality } from "./dejpeg.ts";

describe("JPEG quality in training", () => {
  it("has P(5) = .103, P(10) = .062, P(20) = .023, P(30) = .008 and mean 12.4", () => {
    const p = (quality: number): number => qualityProbabilities[quality - 5]!;
    expect(p(5)).toBeCloseTo(0.103, 3);
    expect(p(10)).toBeCloseTo(0.062, 3);
    expect(p(20)).toBeCloseTo(0.023, 3);
    expect(p(30)).toBeCloseTo(0.008, 3);
    expect(qualityProbabilities).toHaveLength(26);
    expect(p(6) / p(5)).toBeCloseTo(Math.exp(-0.1), 12);
    expect(qualityProbabilities.reduce((sum, value, i) => sum + (i + 5) * value, 0)).toBeCloseTo(
      12.4,
      1,
    );
  });

  it("is drawn with these probabilities", () => {
    const random = Random.from("quality");
    const counts = new Array<number>(26).fill(0);
    const draws = 100_000;
    for (let i = 0; i < draws; i++) {
      counts[randomQuality(random) - 5]!++;
    }
    expect(counts).toHaveLength(26);
    expect(counts.reduce((a, b) => a + b)).toBe(draws);
    for (const [i, count] of counts.entries()) {
      const p = qualityProbabilities[i]!;
      expect(Math.abs(count / draws - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / draws));
    }
  });

  it("reaches up to 95 in a quarter of the draws when it is wide", () => {
    const random = Random.from("wide");
    let above = 0;
    const draws = 20_000;
    for (let i = 0; i < draws; i++) {
      const quality = randomQuality(random, "wide");
      expect(quality).toBeGreaterThanOrEqual(5);
      expect(quality).toBeLessThanOrEqual(95);
      if (quality > 30) above++;
    }
    // A quarter, of which 65 of 91 qualities lie above the paper's.
    expect(Math.abs(above / draws - (0.25 * 65) / 91)).toBeLessThan(0.012);
  });

  it("is followed by another on some pictures when it is wide, on other blocks", async () => {
    const y = createImage(32, 32);
    for (let i = 0; i < y.data.length; i++) y.data[i] = Math.sin(i / 7);
    let twice = 0;
    for (let k = 0; k < 200; k++) {
      const random = Random.from("twice", k);
      const { x, detail } = await dejpeg.degrade(y, context(random), { jpegQuality: "wide" });
      const [, quality, before] = /^quality (\d+)(?: after (\d+))?$/.exec(detail)!;
      if (before === undefined) {
        expect(x).toEqual(await jpegRoundTrip(y, Number(quality)));
        continue;
      }
      twice++;
      expect(Number(before)).toBeGreaterThanOrEqual(30);
      expect(x).not.toEqual(await jpegRoundTrip(y, Number(quality)));
    }
    expect(Math.abs(twice - 40)).toBeLessThan(20);
    const plain = await dejpeg.degrade(y, context(Random.from("twice", 0)), {});
    expect(plain.detail).not.toContain("after");
  });

  it("can be given, and is told", async () => {
    const y = createImage(16, 16);
    for (let i = 0; i < y.data.length; i++) y.data[i] = Math.sin(i);
    const { x, detail } = await dejpeg.degrade(y, context(Random.from(0)), { quality: 7 });
    expect(detail).toBe("quality 7");
    expect(x).toEqual(await jpegRoundTrip(y, 7));
    await expect(dejpeg.degrade(y, context(Random.from(0)), { quality: 0 })).rejects.toThrow(
      /1 to 100/,
    );
  });
});

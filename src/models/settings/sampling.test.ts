import { describe, expect, it } from "vitest";
import { loadModelConfig } from "../../node/model-folder.ts";
import { jpegShare, jpegStart, mostJpegQuality } from "./by-jpeg-quality.ts";
import { inheritedSampling, samplingSchema } from "./sampling.ts";

const settings = {
  steps: { dejpeg: 3 },
  starts: { dejpeg: 2 },
  jpegShares: { 10: 1, 20: 0.6, 30: 0.4 },
};

describe("a model's settings of sampling", () => {
  it("say the network's share in a JPEG, linear between qualities and none above the last", () => {
    const shares = [1, 10, 15, 20, 25, 30, 31, 100].map((quality) => jpegShare(quality, settings));
    [1, 1, 0.8, 0.6, 0.5, 0.4, 0, 0].forEach((share, k) => {
      expect(shares[k]).toBeCloseTo(share, 12);
    });
    expect(jpegShare(95, {})).toBe(1);
    const starts = { jpegStarts: { 10: 0.5, 30: 0.1 } };
    for (const [quality, sigma] of [
      [5, 0.5],
      [20, 0.3],
      [90, 0.1],
      [undefined, 0.4],
    ] as const) {
      expect(jpegStart(quality, starts)).toBeCloseTo(sigma, 12);
    }
    expect(jpegStart(10, settings)).toBeUndefined();
    expect([mostJpegQuality(settings), mostJpegQuality({})]).toEqual([30, 100]);
  });

  it("are refused where windows overlap by more than half, or a share is none", () => {
    for (const wrong of [
      { window: { side: 64, overlap: 33 } },
      { jpegShares: { 10: 0 } },
      { jpegShares: { low: 1 } },
      { steps: { dejpeg: 0 } },
      { starts: { dejpeg: 0 } },
      { jpegStarts: { 10: 0 } },
      { startNoise: { dejpeg: 1.1 } },
      { samplers: { colorize: { sampler: "none" } } },
    ]) {
      expect(samplingSchema.safeParse(wrong).success).toBe(false);
    }
  });

  it("pass on to a model trained further but for the JPEGs, which are to be measured again", () => {
    expect(inheritedSampling(settings)).toEqual({
      steps: { dejpeg: 3 },
      starts: { dejpeg: 2 },
    });
  });

  it("of the bundled model are steps and shares of JPEGs", async () => {
    const { sampling } = await loadModelConfig("models/photos-64");
    expect(sampling?.steps?.dejpeg).toBeLessThanOrEqual(5);
    expect(mostJpegQuality(sampling!)).toBe(85);
  });
});

import { describe, expect, it } from "vitest";
import { Random } from "../../util/random.ts";
import type { SetFeatures } from "../features/extract-features.ts";
import { frechetDistance } from "../metrics/fid.ts";
import { Measurer } from "./measure.ts";

const [width, height, dim] = [12, 12, 3];

/** Gray pictures with made-up features. */
function looks(name: string, count: number): SetFeatures {
  const data = Random.from("measure", name).fillNormal(new Float32Array(count * dim));
  const bytes = new Array<Uint8Array>(count).fill(new Uint8Array(3 * width * height).fill(128));
  return { count, width, height, bytes, features: { data, dim } };
}

describe("FID", () => {
  it("of more crops than can be resampled is their distance, at no cost of their number", async () => {
    const count = 2500;
    const [originals, reference] = [looks("originals", count), looks("reference", 2 * count)];
    const measurer = new Measurer({
      originals,
      reference,
      groups: Array.from({ length: count }, (_, k) => k % 40),
      referenceGroups: Array.from({ length: 2 * count }, (_, k) => k % 40),
      labels: new Array<undefined>(count).fill(undefined),
      replicates: 2,
      seed: 1,
    });
    const { metrics } = await measurer.measure(originals);
    const expected = frechetDistance(originals.features!.data, reference.features!.data, dim);
    expect(metrics.fid).toEqual({ value: expected });
    expect(metrics.pd!.deviation).toBeDefined();
  });
});

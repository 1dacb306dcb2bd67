import { describe, expect, it } from "vitest";
import { createImage } from "../image/image.ts";
import { batchesOf } from "./batches.ts";

const condition = (width: number, height: number) => ({
  x: createImage(width, height),
  detail: "test",
});

describe("batches of samples", () => {
  const inWords = (sizes: [number, number][], samples: number, pixels: number) =>
    batchesOf(
      sizes.map(([width, height]) => condition(width, height)),
      samples,
      pixels,
    ).map((batch) => batch.map(({ condition, sample }) => `${condition}.${sample}`).join(" "));

  it("hold the samples of conditions of one size, in the order of the conditions", () => {
    expect(
      inWords(
        [
          [4, 4],
          [8, 4],
          [4, 4],
        ],
        2,
        1000,
      ),
    ).toEqual(["0.0 0.1 2.0 2.1", "1.0 1.1"]);
  });

  it("hold no more pixels than are allowed, but always one sample", () => {
    expect(
      inWords(
        [
          [4, 4],
          [4, 4],
        ],
        2,
        48,
      ),
    ).toEqual(["0.0 0.1 1.0", "1.1"]);
    expect(inWords([[9, 9]], 2, 10)).toEqual(["0.0", "0.1"]);
  });
});

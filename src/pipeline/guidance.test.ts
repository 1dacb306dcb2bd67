import { describe, expect, it, vi } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { createMask, fromBytes } from "../image/image.ts";
import type { ModelConfig } from "../models/config.ts";
import type { Network } from "../runtime/network.ts";
import { UsageError } from "../util/errors.ts";
import { Palette } from "./palette.ts";

/** A palette whose network answers, as x0, what it is shown as x, or 0.25 where that is zeros. */
function shown(details: Partial<ModelConfig> = {}) {
  const { config } = randomModel(details, smallestNetwork);
  const predict = vi.fn<Network["predict"]>(async ({ source, shape: [images] }) => {
    const each = source.length / images;
    const parts = Array.from({ length: images }, (_, k) =>
      source.subarray(k * each, (k + 1) * each),
    );
    const answers = parts.map((x) => (x.some((value) => value !== 0) ? x : x.map(() => 0.25)));
    return Float32Array.from(answers.flatMap((part) => [...part]));
  });
  const network = { config, predict, dispose: async () => {} };
  return { palette: new Palette(network, { onWarning() {} }), predict };
}

const guided = {
  objective: { prediction: "x0", conditioningDropout: 0.1 },
} as const satisfies Partial<ModelConfig>;
const side = smallestNetwork.resolution;
const photo = fromBytes(new Uint8Array(3 * side * side).fill(140), side, side);
const condition = { x: photo, detail: "" };
const level = photo.data[0]!;

describe("guidance by the source", () => {
  it("goes on from the answer without the source to that with it, by two calls a step", async () => {
    const { palette, predict } = shown(guided);
    const options = { steps: 2, seed: 1, sampler: "ddim", eta: 0 } as const;
    for (const guidance of [0, 1, 2]) {
      predict.mockClear();
      const [answer] = await palette.sample(condition, { ...options, guidance });
      // The answer of the last call is the picture.
      expect(answer!.data[0]).toBeCloseTo(0.25 + guidance * (level - 0.25), 5);
      const images = guidance === 1 ? 1 : 2;
      expect(predict.mock.calls.map(([{ shape }]) => shape[0])).toEqual([images, images]);
    }
  });

  it("is refused where it cannot be", async () => {
    const { palette } = shown(guided);
    const colorized = (options: object) => palette.colorize(photo, options);
    await expect(colorized({ guidance: 11 })).rejects.toThrow("a number from 0 to 10, not 11");
    await expect(colorized({ guidance: 2, mean: true })).rejects.toThrow("leave out guidance");
    await expect(palette.dejpeg(photo, { guidance: 2 })).rejects.toThrow(UsageError);
    await expect(palette.dejpeg(photo, { guidance: 1, steps: 1 })).resolves.toHaveLength(1);
    const masked = { ...condition, mask: createMask(side, side, 1) };
    await expect(palette.sample(masked, { guidance: 2 })).rejects.toThrow("for whole pictures");
    const plain = shown({ objective: { prediction: "x0" } }).palette;
    await expect(plain.colorize(photo, { guidance: 2 })).rejects.toThrow(
      /was not trained with --conditioning-dropout/,
    );
    await expect(plain.sample(condition, { guidance: 2 })).rejects.toThrow(/knows no guidance/);
  });
});

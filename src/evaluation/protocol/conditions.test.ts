import { describe, expect, it } from "vitest";
import { createImage, toBytes } from "../../image/image.ts";
import { maskedShare } from "../../image/mask.ts";
import { nodeCodec } from "../../node/codec.ts";
import { jpegRoundTrip } from "../../node/jpeg.ts";
import { centerMask, maskKind } from "../../tasks/evaluation-masks.ts";
import { UsageError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import {
  degraded,
  evaluationConditions,
  paperConditions,
  type VariantChoice,
} from "./conditions.ts";

const all = ["colorize", "inpaint", "uncrop", "dejpeg", "sharpen"];

describe("the paper's masks", () => {
  it.each([
    ["freeform-10-20", 0.1, 0.2],
    ["freeform-20-30", 0.2, 0.3],
    ["freeform-30-40", 0.3, 0.4],
  ])("%s cover that share", (name, low, high) => {
    const shares = Array.from({ length: 40 }, (_, k) =>
      maskedShare(maskKind(name).make(64, 64, Random.from(name, k))),
    );
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(low);
    expect(Math.max(...shares)).toBeLessThanOrEqual(high);
    // Not always the least: the whole range is used.
    expect(Math.max(...shares) - Math.min(...shares)).toBeGreaterThan(0.05);
  });

  it("center is the central 128x128 of 256x256", () => {
    const { data } = centerMask(256, 256);
    for (let y = 0; y < 256; y++) {
      for (let x = 0; x < 256; x++) {
        const inside = y >= 64 && y < 192 && x >= 64 && x < 192;
        expect(data[y * 256 + x] === 1).toBe(inside);
      }
    }
  });

  it.each(["free", "freeform-20", "freeform-30-20", "freeform-10-12", "freeform-50-90", "centre"])(
    "%s is none",
    (name) => {
      expect(() => maskKind(name)).toThrow(UsageError);
    },
  );
});

describe("conditions", () => {
  it("are the blocks of the paper's Tables 1 to 4, and a fourfold enlargement", () => {
    const conditions = evaluationConditions({ tasks: all, variants: paperConditions });
    expect(conditions.map(({ id }) => id)).toEqual([
      "colorize",
      "inpaint-freeform-10-20",
      "inpaint-freeform-20-30",
      "inpaint-freeform-30-40",
      "inpaint-center",
      "uncrop-right",
      "dejpeg-5",
      "dejpeg-10",
      "dejpeg-20",
      "sharpen-4",
    ]);
  });

  it("count once, and refuse what does not exist", () => {
    const choice = {
      tasks: ["dejpeg", "dejpeg"],
      variants: { masks: [], sides: [], qualities: [7, 7], factors: [] },
    };
    const other = (tasks: string[], variants: VariantChoice) => ({
      tasks,
      variants: { ...choice.variants, ...variants },
    });
    expect(evaluationConditions(choice).map(({ title }) => title)).toEqual([
      "JPEG restoration, quality 7",
    ]);
    const refused = [
      { ...choice, tasks: [] },
      { ...choice, tasks: ["paint"] },
      { ...choice, tasks: ["uncrop"] },
      other(["uncrop"], { sides: ["middle"] }),
      other(["dejpeg"], { qualities: [0] }),
      other(["dejpeg"], { qualities: [5.5] }),
      other(["sharpen"], { factors: [1] }),
      other(["sharpen"], { factors: [17] }),
    ];
    for (const one of refused) expect(() => evaluationConditions(one)).toThrow(UsageError);
  });

  it("degrade picture k the same way each time, and others another way", async () => {
    const truth = createImage(32, 32, 0.3);
    const [free] = evaluationConditions({ tasks: ["inpaint"], variants: paperConditions });
    const first = await degraded(free!, truth, 1, 4, nodeCodec);
    expect(await degraded(free!, truth, 1, 4, nodeCodec)).toEqual(first);
    expect((await degraded(free!, truth, 1, 5, nodeCodec)).mask).not.toEqual(first.mask);
    expect((await degraded(free!, truth, 2, 4, nodeCodec)).mask).not.toEqual(first.mask);
  });

  it("hold fixed what they are named after", async () => {
    const random = Random.from("truth");
    const truth = { ...createImage(32, 32) };
    for (let k = 0; k < truth.data.length; k++) truth.data[k] = random.between(-1, 1);
    const [right] = evaluationConditions({ tasks: ["uncrop"], variants: paperConditions });
    const { mask, x } = await degraded(right!, truth, 1, 0, nodeCodec);
    expect(maskedShare(mask!)).toBe(0.5);
    expect([mask!.data[0], mask!.data[31]]).toEqual([0, 1]);
    expect(x.data[0]).toBe(truth.data[0]);
    const [, ten] = evaluationConditions({ tasks: ["dejpeg"], variants: paperConditions });
    const { x: restored } = await degraded(ten!, truth, 1, 0, nodeCodec);
    expect(toBytes(restored)).toEqual(toBytes(await jpegRoundTrip(truth, 10)));
  });
});

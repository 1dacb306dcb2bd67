import { describe, expect, it } from "vitest";
import { context } from "../../test/support/task-context.ts";
import { createImage, crop, type Image } from "../image/image.ts";
import { maskedShare } from "../image/mask.ts";
import { resize } from "../image/resize.ts";
import { Random } from "../util/random.ts";
import { grown, grownTo, oneSide, sides } from "./growth.ts";
import type { Condition } from "./task.ts";
import { knownBox, randomSide, uncrop, uncropMask } from "./uncrop.ts";

/** Each column has its own value, from -1 at the left to 1 at the right. */
function ramp(width: number, height: number): Image {
  const image = createImage(width, height);
  for (let i = 0; i < image.data.length; i++) image.data[i] = (2 * (i % width)) / (width - 1) - 1;
  return image;
}

describe("uncropping masks", () => {
  it.each(oneSide)("cover exactly 50 percent on the %s", (side) => {
    for (const resolution of [32, 64, 256]) {
      const mask = uncropMask(resolution, resolution, side);
      expect(maskedShare(mask)).toBe(0.5);
      const at = (x: number, y: number): number => mask.data[y * resolution + x]!;
      const last = resolution - 1;
      const middle = resolution / 2;
      expect(at(0, middle - 1)).toBe(side === "left" || side === "top" ? 1 : 0);
      expect(at(last, middle)).toBe(side === "right" || side === "bottom" ? 1 : 0);
    }
  });

  it("for all sides keep a centred square of 181 of 256 pixels", () => {
    expect(knownBox(256, 256, "all")).toEqual({ left: 37, top: 37, width: 181, height: 181 });
    expect(knownBox(64, 64, "all")).toEqual({ left: 9, top: 9, width: 45, height: 45 });
    for (const resolution of [32, 64, 256]) {
      const mask = uncropMask(resolution, resolution, "all");
      expect(Math.abs(maskedShare(mask) - 0.5)).toBeLessThan(1 / resolution);
    }
  });

  it("for all sides mask the border and not the middle (the public re-implementation's defect)", () => {
    const mask = uncropMask(64, 64, "all");
    const at = (x: number, y: number): number => mask.data[y * 64 + x]!;
    for (let i = 0; i < 64; i++) {
      expect([at(i, 0), at(i, 63), at(0, i), at(63, i)]).toEqual([1, 1, 1, 1]);
    }
    for (let y = 9; y < 54; y++) for (let x = 9; x < 54; x++) expect(at(x, y)).toBe(0);
  });

  it("are in training all around or one side alike, and each side alike", () => {
    const random = Random.from("sides");
    const draws = 20_000;
    const counts = new Map<string, number>();
    for (let i = 0; i < draws; i++) {
      const side = randomSide(random);
      counts.set(side, (counts.get(side) ?? 0) + 1);
    }
    const near = (side: string, p: number): void =>
      expect(Math.abs(counts.get(side)! / draws - p)).toBeLessThan(
        4 * Math.sqrt((p * (1 - p)) / draws),
      );
    near("all", 0.5);
    for (const side of oneSide) near(side, 0.125);
    expect(counts.size).toBe(5);
  });
});

describe("uncropping", () => {
  it("shows the network the known part exactly and N(0, 1) elsewhere", async () => {
    const y = ramp(64, 64);
    const { x, mask, detail } = await uncrop.degrade(y, context(Random.from(4)), { side: "all" });
    expect(detail).toBe("all");
    const box = knownBox(64, 64, "all");
    expect(crop(x, box).data).toEqual(crop(y, box).data);
    const noise = x.data.filter((_, i) => mask!.data[i % 4096] === 1);
    const variance = noise.reduce((sum, value) => sum + value * value, 0) / noise.length;
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / noise.length));
  });

  it("grows a photo by the asked share, where it was asked", () => {
    const at = (left: number, top: number) => ({ left, top, width: 300, height: 100 });
    expect(grown(300, 100, "right")).toEqual({ width: 450, height: 100, photo: at(0, 0) });
    expect(grown(300, 100, "left", 1)).toEqual({ width: 600, height: 100, photo: at(300, 0) });
    expect(grown(300, 100, "top", 0.25)).toEqual({ width: 300, height: 125, photo: at(0, 25) });
    expect(grown(300, 100, "bottom")).toEqual({ width: 300, height: 150, photo: at(0, 0) });
    expect(grown(300, 100, "all")).toEqual({ width: 450, height: 150, photo: at(75, 25) });
    expect(grown(1, 1, "right", 0.1).width).toBe(2);
    for (const ratio of [0, -1, 3.5, Number.NaN]) {
      expect(() => grown(300, 100, "all", ratio)).toThrow(/ratio is a number above 0/);
    }
  });

  it("grows at every side that is named, each end by half where both grow", () => {
    const place = { left: 75, top: 0, width: 300, height: 100 };
    const both = grown(300, 100, ["left", "right"]);
    expect(both).toEqual({ width: 450, height: 100, photo: place });
    expect(grown(300, 100, ["top", "right"], 1)).toEqual({
      width: 600,
      height: 200,
      photo: { left: 0, top: 100, width: 300, height: 100 },
    });
    expect(grown(300, 100, [...oneSide])).toEqual(grown(300, 100, "all"));
    expect(() => grown(300, 100, [])).toThrow(/needs a side/);
  });

  it("grows to an aspect ratio or a size, at the sides that are named", () => {
    const at = (left: number, top: number) => ({ left, top, width: 300, height: 200 });
    expect(grownTo(300, 200, "16:9")).toEqual({ width: 356, height: 200, photo: at(28, 0) });
    expect(grownTo(300, 200, "1:1")).toEqual({ width: 300, height: 300, photo: at(0, 50) });
    expect(grownTo(300, 200, "2.35:1", "left")).toEqual({
      width: 470,
      height: 200,
      photo: at(170, 0),
    });
    expect(grownTo(300, 200, "403x301", ["right", "bottom"])).toEqual({
      width: 403,
      height: 301,
      photo: at(0, 0),
    });
    expect(grownTo(300, 200, "403x301").photo).toEqual(at(51, 50));
    const refused: [string, "all" | "left", RegExp][] = [
      ["3:2", "all", /300x200 is 3:2 already/],
      ["1:1", "left", /becomes 1:1 at the top or bottom/],
      ["200x300", "all", /larger than 200x300/],
      ["100:1", "all", /would become 20000x200, but grows by 3 times/],
      ["wide", "all", /aspect ratio, such as 16:9, or a size, such as 1920x1080, not wide/],
      ["0:9", "all", /not 0:9/],
      ["10.5x20", "all", /not 10\.5x20/],
    ];
    for (const [to, side, text] of refused) {
      expect(() => grownTo(300, 200, to, side)).toThrow(text);
    }
  });

  it("grows by margins in place of a side and a ratio", async () => {
    const margins = { left: 5, right: 0, top: 7, bottom: 20 };
    const photo = ramp(30, 11);
    expect(uncrop.resultSize?.(photo, { margins })).toEqual({
      width: 35,
      height: 38,
      photo: { left: 5, top: 7, width: 30, height: 11 },
    });
    const { conditions, finish } = await uncrop.prepare(photo, 32, Random.from(0), { margins });
    const result = await finish(conditions.map(({ x }) => x));
    expect([result.width, result.height]).toEqual([35, 38]);
    expect(crop(result, { left: 5, top: 7, width: 30, height: 11 })).toEqual(photo);
    for (const left of [-1, 0.5, Number.NaN]) {
      const wrong = { ...margins, left };
      await expect(uncrop.prepare(photo, 32, Random.from(0), { margins: wrong })).rejects.toThrow(
        /margins are whole numbers of at least 0/,
      );
    }
    const none = { left: 0, right: 0, top: 0, bottom: 0 };
    expect(() => uncrop.resultSize?.(photo, { margins: none })).toThrow(/not all of them 0/);
  });

  it("leaves the photo untouched and fills the rest", async () => {
    const photo = ramp(300, 110);
    for (const side of sides) {
      const { conditions, finish } = await uncrop.prepare(photo, 64, Random.from(5), { side });
      const [{ x }] = conditions as [Condition];
      expect(Math.min(x.width, x.height)).toBeGreaterThanOrEqual(64);
      const out = await finish([createImage(x.width, x.height, 0.25)]);
      const place = grown(300, 110, side).photo;
      expect(crop(out, place).data).toEqual(photo.data);
      const outside = side === "left" || side === "top" || side === "all" ? 0 : out.data.length - 1;
      expect(out.data[outside]).toBeCloseTo(0.25, 2);
    }
  });

  it("carries the tone on across the border, and fades into what the network made", async () => {
    // A slope of one brightness a channel, which the network continues 0.3 too bright.
    const whole = createImage(300, 200);
    whole.data.forEach((_, i) => {
      whole.data[i] = 0.002 * (i % 300) - 0.5;
    });
    const photo = crop(whole, { left: 0, top: 0, width: 200, height: 200 });
    const { conditions, finish } = await uncrop.prepare(photo, 64, Random.from(5), {
      side: "right",
    });
    const [{ x, mask }] = conditions as [Condition];
    const answer = resize(whole, x.width, x.height);
    mask!.data.forEach((hole, i) => {
      for (const c of [0, 1, 2]) if (hole) answer.data[c * mask!.data.length + i]! += 0.3;
    });
    const out = await finish([answer]);
    const column = (left: number, width: number) => {
      const { data } = crop(out, { left, top: 0, width, height: 200 });
      return data.reduce((sum, value) => sum + value, 0) / data.length;
    };
    // Without it the step is 0.3.
    const step = (at: number) => column(at, 4) - column(at - 4, 4);
    expect(Math.abs(step(200) - step(100))).toBeLessThan(0.03);
    const truth = 0.002 * 297.5 - 0.5;
    expect(column(296, 4)).toBeGreaterThan(truth + 0.25);
  });

  it("shows the network the photo at its own size where that is the network's", async () => {
    const photo = ramp(64, 64);
    const { conditions } = await uncrop.prepare(photo, 64, Random.from(5), {
      side: "right",
      ratio: 1,
    });
    const [{ x, mask }] = conditions as [Condition];
    expect([x.width, x.height]).toEqual([128, 64]);
    expect(crop(x, { left: 0, top: 0, width: 64, height: 64 }).data).toEqual(photo.data);
    expect(maskedShare(mask!)).toBe(0.5);
  });

  it("asks for a side, and for one that exists", async () => {
    const photo = createImage(8, 8);
    const huge = { width: 6000, height: 4000, data: new Float32Array() };
    await expect(
      uncrop.prepare(huge, 8, Random.from(0), { side: "all", ratio: 3 }),
    ).rejects.toThrow(/would grow to 24000x16000 pixels/);
    await expect(uncrop.prepare(photo, 8, Random.from(0))).rejects.toThrow(
      /needs a side: left, right/,
    );
    await expect(uncrop.prepare(photo, 8, Random.from(0), { ratio: 1, to: "2:1" })).rejects.toThrow(
      /not both/,
    );
    const side = "up" as "top";
    await expect(uncrop.degrade(photo, context(Random.from(0)), { side })).rejects.toThrow(
      /no side "up"/,
    );
  });
});

import { describe, expect, it } from "vitest";
import { context } from "../../test/support/task-context.ts";
import { createImage, createMask, type Image } from "../image/image.ts";
import { Random } from "../util/random.ts";
import { sharpen } from "./sharpen.ts";

/** Detail at every scale. */
function texture(side: number): Image {
  const image = createImage(side, side);
  const random = Random.from("texture", side);
  return { ...image, data: image.data.map((_, i) => Math.sin(i / 9) * random.uniform()) };
}

/** Mean of the squared differences between neighbours in a row. */
function detail({ width, data }: Image): number {
  let sum = 0;
  for (let i = 1; i < data.length; i++) if (i % width !== 0) sum += (data[i]! - data[i - 1]!) ** 2;
  return sum / data.length;
}

describe("the blur that sharpening undoes", () => {
  const y = texture(64);

  it("takes detail away, in [-1, 1], of the whole picture half of the time", async () => {
    let whole = 0;
    for (let k = 0; k < 200; k++) {
      const condition = await sharpen.degrade(y, context(Random.from("blur", k)));
      expect(condition.x.data.every((value) => Math.abs(value) <= 1)).toBe(true);
      expect(detail(condition.x)).toBeLessThan(detail(y));
      if (condition.mask === undefined) whole++;
    }
    expect(Math.abs(whole - 100)).toBeLessThan(30);
  });

  it("is of log-uniform size from 2 to 8", async () => {
    const drawn: number[] = [];
    for (let k = 0; k < 300; k++) {
      const { detail: said } = await sharpen.degrade(y, context(Random.from("factor", k)));
      drawn.push(Number(/blurred ([\d.]+) times/.exec(said)![1]));
    }
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(8);
    // A third of the logarithm's range each.
    for (const [low, high] of [
      [2, 2 ** (5 / 3)],
      [2 ** (5 / 3), 2 ** (7 / 3)],
      [2 ** (7 / 3), 8.1],
    ] as const) {
      const share = drawn.filter((factor) => factor >= low && factor < high).length;
      expect(Math.abs(share - 100)).toBeLessThan(30);
    }
  });

  it("stays within a hole, whose surroundings are the picture's to the bit", async () => {
    const mask = createMask(64, 64);
    for (let row = 20; row < 40; row++) mask.data.fill(1, row * 64 + 10, row * 64 + 50);
    const condition = await sharpen.degrade(y, context(Random.from("hole")), { mask, factor: 4 });
    expect(condition.holeIsShown).toBe(true);
    expect(condition.mask).toBe(mask);
    let changed = 0;
    condition.x.data.forEach((value, i) => {
      if (mask.data[i % (64 * 64)] === 0) expect(value).toBe(y.data[i]);
      else if (value !== y.data[i]) changed++;
    });
    expect(changed).toBeGreaterThan(2000);
  });

  it("is the same for the same stream, and refuses factors that make no picture", async () => {
    const again = () => sharpen.degrade(y, context(Random.from("same")));
    expect(await again()).toEqual(await again());
    const options = { whole: true };
    expect((await sharpen.degrade(y, context(Random.from("whole")), options)).mask).toBeUndefined();
    await expect(sharpen.degrade(y, context(Random.from(1)), { factor: 0.5 })).rejects.toThrow(
      /from 1/,
    );
    await expect(sharpen.degrade(y, context(Random.from(1)), { factor: 65 })).rejects.toThrow(
      /from 1/,
    );
  });
});

describe("enlarging a photo", () => {
  it("shows the network the photo at its new size", async () => {
    const photo = texture(40);
    const prepare = (scale?: number) =>
      sharpen.prepare(photo, 32, Random.from(0), scale === undefined ? {} : { scale });
    for (const [scale, side] of [
      [undefined, 80],
      [1, 40],
      [2.5, 100],
      [4, 160],
    ] as const) {
      const { conditions, finish } = await prepare(scale);
      expect(conditions).toHaveLength(1);
      const { x, mask } = conditions[0]!;
      expect([x.width, x.height, mask]).toEqual([side, side, undefined]);
      expect((await finish([x])).width).toBe(side);
    }
    await expect(prepare(9)).rejects.toThrow("The scale is a number from 1 to 8, not 9.");
    await expect(prepare(Number.NaN)).rejects.toThrow(/not NaN/);
  });
});

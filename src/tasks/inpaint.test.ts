import { describe, expect, it } from "vitest";
import { context } from "../../test/support/task-context.ts";
import { createImage, createMask, type Mask } from "../image/image.ts";
import { maskedShare } from "../image/mask.ts";
import { Random } from "../util/random.ts";
import { freeFormMask } from "./free-form.ts";
import { inpaint, randomMask } from "./inpaint.ts";
import { thickness } from "./inpaint-region.ts";
import { maskWindows } from "./mask-windows.ts";
import { randomRectangles, rectangleMask } from "./rectangles.ts";

/** How many separate regions (8-connected) a mask has. */
function regions({ width, height, data }: Mask): number {
  const seen = new Uint8Array(data.length);
  let count = 0;
  for (let start = 0; start < data.length; start++) {
    if (data[start] !== 1 || seen[start] === 1) continue;
    count++;
    const stack = [start];
    seen[start] = 1;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width;
      const y = (at - x) / width;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (data[next] === 1 && seen[next] === 0) {
            seen[next] = 1;
            stack.push(next);
          }
        }
      }
    }
  }
  return count;
}

function meanShare(count: number, side: number, make: (random: Random) => Mask): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += maskedShare(make(Random.from("share", side, i)));
  return sum / count;
}

describe("training masks", () => {
  it("are free-form in 60 % and rectangles in 40 %", () => {
    const random = Random.from("kinds");
    const draws = 4000;
    let freeForm = 0;
    for (let i = 0; i < draws; i++) if (randomMask(32, 32, random).kind === "free-form") freeForm++;
    expect(Math.abs(freeForm / draws - 0.6)).toBeLessThan(4 * Math.sqrt((0.6 * 0.4) / draws));
  });

  it("hold only 0 and 1, and are never empty, at any resolution", () => {
    for (const side of [8, 32, 64, 256]) {
      for (let i = 0; i < 60; i++) {
        const { mask } = randomMask(side, side, Random.from("binary", side, i));
        expect(mask.data.every((value) => value === 0 || value === 1)).toBe(true);
        expect(maskedShare(mask)).toBeGreaterThan(0);
      }
    }
    expect(() => randomMask(4, 4, Random.from(0))).toThrow(/at least 8x8/);
  });
});

describe("rectangles", () => {
  it.each([16, 64, 256])("cover 10 to 40 % at %i pixels", (side) => {
    for (let i = 0; i < 300; i++) {
      const boxes = randomRectangles(side, side, Random.from("area", side, i));
      const share = maskedShare(rectangleMask(side, side, boxes));
      expect(share).toBeGreaterThanOrEqual(0.1);
      expect(share).toBeLessThanOrEqual(0.4);
    }
  });

  it("are 1 to 5 with equal probability", () => {
    const random = Random.from("counts");
    const counts = new Array<number>(6).fill(0);
    const draws = 5000;
    for (let i = 0; i < draws; i++) counts[randomRectangles(32, 32, random).length]!++;
    expect(counts[0]).toBe(0);
    for (const count of counts.slice(1)) {
      expect(Math.abs(count / draws - 0.2)).toBeLessThan(4 * Math.sqrt(0.16 / draws));
    }
  });

  it("use the whole range of areas: the mean is about 25 %", () => {
    const share = meanShare(1000, 64, (r) => rectangleMask(64, 64, randomRectangles(64, 64, r)));
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.28);
  });
});

describe("free-form strokes", () => {
  it("are at most three connected strokes", () => {
    for (let i = 0; i < 200; i++) {
      expect(regions(freeFormMask(64, 64, Random.from("regions", i)))).toBeLessThanOrEqual(3);
    }
  });

  it("cover the same share at every resolution: widths and steps scale with it", () => {
    const at64 = meanShare(600, 64, (r) => freeFormMask(64, 64, r));
    const at256 = meanShare(600, 256, (r) => freeFormMask(256, 256, r));
    expect(Math.abs(at64 - at256)).toBeLessThan(0.02);
    expect(at256).toBeGreaterThan(0.1);
    expect(at256).toBeLessThan(0.35);
  });

  it("have brushes of 12 to 40 pixels of 256", () => {
    // A stroke's area is at least the disc at its start, a quarter of it if it starts in a corner.
    for (let i = 0; i < 200; i++) {
      const share = maskedShare(freeFormMask(256, 256, Random.from("brush", i)));
      expect(share * 65536).toBeGreaterThan((Math.PI * 6 ** 2) / 4 - 8);
      expect(share).toBeLessThan((3 * (40 * 11 * 91 + Math.PI * 400)) / 65536);
    }
  });

  it("favour neither side, as the algorithm's mirroring says", () => {
    const columns = new Float64Array(32);
    for (let i = 0; i < 3000; i++) {
      const mask = freeFormMask(32, 32, Random.from("sides", i));
      for (let j = 0; j < mask.data.length; j++) columns[j % 32]! += mask.data[j]!;
    }
    const sum = (from: number, to: number): number =>
      columns.subarray(from, to).reduce((a, b) => a + b, 0);
    expect(sum(0, 16) / sum(16, 32)).toBeGreaterThan(0.93);
    expect(sum(0, 16) / sum(16, 32)).toBeLessThan(1.07);
  });
});

describe("inpainting", () => {
  it("fills the hole with N(0, 1), leaves known pixels exact and adds no channel", async () => {
    const y = createImage(128, 128, 0.25);
    const mask = createMask(128, 128);
    mask.data.fill(1, 0, 128 * 64);
    const { x, detail } = await inpaint.degrade(y, context(Random.from("noise")), { mask });
    expect(x.data.length).toBe(3 * 128 * 128);
    const noise: number[] = [];
    for (let i = 0; i < x.data.length; i++) {
      if (mask.data[i % (128 * 128)] === 1) noise.push(x.data[i]!);
      else expect(x.data[i]).toBe(0.25);
    }
    const n = noise.length;
    const moment = (power: number): number =>
      noise.reduce((sum, value) => sum + value ** power, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    expect(noise.some((value) => Math.abs(value) > 3)).toBe(true);
    expect(detail).toBe("given mask 50%");
  });

  it("tells the kind and the area of a random mask", async () => {
    for (let i = 0; i < 20; i++) {
      const { detail, mask } = await inpaint.degrade(
        createImage(32, 32),
        context(Random.from("detail", i)),
      );
      expect(detail).toMatch(/^(free-form|rectangles) \d+%$/);
      expect(detail).toContain(` ${Math.round(100 * maskedShare(mask!))}%`);
    }
  });

  it("says what is wrong with a mask", async () => {
    const photo = createImage(60, 30);
    const fail = (mask?: Mask): Promise<unknown> =>
      inpaint.prepare(photo, 16, Random.from(0), mask === undefined ? {} : { mask });
    await expect(fail()).rejects.toThrow(/needs a mask/);
    await expect(fail(createMask(60, 30))).rejects.toThrow(/fills nothing/);
    await expect(fail(createMask(20, 30, 1))).rejects.toThrow(
      /mask is 20x30, but the picture is 60x30/,
    );
    await expect(
      inpaint.degrade(createImage(16, 16), context(Random.from(0)), { mask: createMask(8, 8, 1) }),
    ).rejects.toThrow(/mask is 8x8/);
  });
});

describe("filling holes of a large photo", () => {
  const photo = createImage(300, 200);
  photo.data.forEach((_, i) => {
    photo.data[i] = Math.sin(i / 37);
  });
  const rectangle = (left: number, top: number, width: number, height: number, into?: Mask) => {
    const mask = into ?? createMask(300, 200);
    for (let y = top; y < top + height; y++) {
      mask.data.fill(1, y * 300 + left, y * 300 + left + width);
    }
    return mask;
  };

  it("looks at each hole with its surroundings, and at near ones together", () => {
    const mask = rectangle(20, 20, 10, 10);
    rectangle(250, 150, 40, 20, mask);
    const windows = maskWindows(mask, 32);
    expect(windows).toMatchObject([
      { left: 9, top: 9, width: 32, height: 32 },
      { left: 236, top: 128, width: 64, height: 64 },
    ]);
    // A third one between: its window would see into the first one's.
    rectangle(35, 20, 5, 5, mask);
    expect(maskWindows(mask, 32)).toMatchObject([
      { left: 14, top: 9, width: 32, height: 32 },
      { left: 236, top: 128, width: 64, height: 64 },
    ]);
  });

  it.each([
    ["sparse", 2000, 1500, 300],
    ["dense", 512, 384, 300],
  ])(
    "fills each of 300 %s specks from one small window, which others may share",
    (_, width, height, count) => {
      const least = 64;
      const mask = createMask(width, height);
      const random = Random.from("dust");
      for (let k = 0; k < count; k++) {
        const [x, y] = [random.integer(0, width - 3), random.integer(0, height - 3)];
        for (let row = y; row < y + 3; row++)
          mask.data.fill(1, row * width + x, row * width + x + 3);
      }
      const windows = maskWindows(mask, least);
      const filled = new Uint8Array(mask.data.length);
      for (const window of windows) {
        expect([window.width, window.height]).toEqual([least, least]);
        for (let y = window.top; y < window.top + least; y++) {
          for (let x = window.left; x < window.left + least; x++) {
            const at = y * width + x;
            if (!window.fills(at)) continue;
            filled[at]! += 1;
            // Nothing is filled where a network errs, but at the edge of the picture.
            const near = (value: number, start: number, whole: number) =>
              (start === 0 || value >= start + 8) &&
              (start + least === whole || value < start + least - 8);
            expect(near(x, window.left, width) && near(y, window.top, height)).toBe(true);
          }
        }
      }
      expect(filled.every((times, i) => times === mask.data[i])).toBe(true);
      // Squares of 48 pixels hold them all; 1.5 times as many are allowed for.
      expect(windows.length).toBeLessThanOrEqual(Math.min(count, (1.5 * width * height) / 48 ** 2));
    },
  );

  it("leaves to a large hole the specks in its window", () => {
    const mask = rectangle(100, 60, 60, 60);
    mask.data[55 * 300 + 130] = 1;
    const [window, ...others] = maskWindows(mask, 32);
    expect(others).toEqual([]);
    expect(window).toMatchObject({ left: 82, top: 42, width: 96, height: 96 });
    expect([window!.fills(55 * 300 + 130), window!.fills(0)]).toEqual([true, false]);
  });

  it("joins diagonal neighbours, and takes no more than the picture has", () => {
    const mask = createMask(300, 200);
    for (let k = 0; k < 200; k++) mask.data[k * 300 + k] = 1;
    expect(maskWindows(mask, 32)).toMatchObject([{ left: 0, top: 0, width: 300, height: 200 }]);
  });

  it("shows scratches at full size and thick holes at the network's", async () => {
    const scratch = await inpaint.prepare(photo, 32, Random.from(0), {
      mask: rectangle(40, 100, 150, 3),
    });
    const [thin] = scratch.conditions;
    expect(thin!.x.width).toBe(240);
    expect(
      thickness(rectangle(40, 100, 150, 3), { left: 0, top: 0, width: 300, height: 200 }),
    ).toBe(3);
    const block = await inpaint.prepare(photo, 32, Random.from(0), {
      mask: rectangle(40, 50, 80, 80),
    });
    const [thick] = block.conditions;
    expect([thick!.x.width, thick!.x.height]).toEqual([32, 32]);
    // Every pixel that the hole touches is unknown: 80 of 128 pixels are 20 of 32, and a rim.
    expect(maskedShare(thick!.mask!)).toBeGreaterThanOrEqual((20 / 32) ** 2);
    expect(maskedShare(thick!.mask!)).toBeLessThanOrEqual((22 / 32) ** 2);
  });

  it("shows the network nothing of what is to be replaced, enlarged or made smaller", async () => {
    for (const [resolution, side] of [
      [32, 80],
      [256, 20],
    ] as const) {
      const mask = rectangle(100, 60, side, side);
      const conditions = await Promise.all(
        [-1, 1].map(async (value) => {
          const painted = { ...photo, data: photo.data.slice() };
          for (let i = 0; i < painted.data.length; i++) {
            if (mask.data[i % 60_000] === 1) painted.data[i] = value;
          }
          const made = await inpaint.prepare(painted, resolution, Random.from(0), { mask });
          return made.conditions[0]!.x;
        }),
      );
      expect(conditions[0]).toEqual(conditions[1]);
    }
  });

  it("changes nothing outside the holes, to the bit, and fills them", async () => {
    const mask = rectangle(20, 20, 10, 10);
    rectangle(150, 100, 60, 50, mask);
    const { conditions, finish } = await inpaint.prepare(photo, 32, Random.from(0), { mask });
    const answers = conditions.map(({ x }) => createImage(x.width, x.height, 0.25));
    const out = await finish(answers);
    expect([out.width, out.height]).toEqual([300, 200]);
    out.data.forEach((value, i) => {
      if (mask.data[i % 60_000] === 1) expect(value).toBeCloseTo(0.25, 2);
      else if (value !== photo.data[i]) expect(value, `value ${i}`).toBe(photo.data[i]);
    });
  });
});

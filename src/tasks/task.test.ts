import { describe, expect, it } from "vitest";
import { context } from "../../test/support/task-context.ts";
import { createImage, createMask, grayscale, type Image, toBytes } from "../image/image.ts";
import { UsageError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { taskNamed, tasks } from "./registry.ts";
import { type Condition, compose } from "./task.ts";

/** A smooth picture with colours, values in [-1, 1]. */
function gradient(width: number, height: number): Image {
  const image = createImage(width, height);
  for (let i = 0; i < image.data.length; i++) image.data[i] = Math.sin(i / 97) * 0.9;
  return image;
}

describe("the registry", () => {
  it("holds the paper's four tasks and sharpening", () => {
    expect(tasks.map((task) => task.name)).toEqual([
      "colorize",
      "inpaint",
      "uncrop",
      "dejpeg",
      "sharpen",
    ]);
    expect(taskNamed("uncrop").title).toBe("Uncropping");
    expect(() => taskNamed("color")).toThrow(UsageError);
    expect(() => taskNamed("color")).toThrow(
      'There is no task "color"; the tasks are colorize, inpaint, uncrop, dejpeg, sharpen.',
    );
  });

  it.each(tasks)("$name repeats exactly from the same stream and leaves y alone", async (task) => {
    const y = gradient(32, 32);
    const before = y.data.slice();
    const a = await task.degrade(y, context(Random.from(1, task.name)));
    const b = await task.degrade(y, context(Random.from(1, task.name)));
    expect(a).toEqual(b);
    expect(y.data).toEqual(before);
    expect([a.x.width, a.x.height, a.x.data.length]).toEqual([32, 32, 3072]);
  });

  it.each(tasks)("$name takes photos of any size and gives their size back", async (task) => {
    for (const [width, height] of [
      [1, 1],
      [100, 40],
      [40, 100],
      [33, 32],
      [3000, 2],
    ] as const) {
      const photo = gradient(width, height);
      const mask = createMask(width, height, 1);
      const options = { side: "right", ratio: 1, mask, scale: 1 } as const;
      const { conditions, finish } = await task.prepare(photo, 32, Random.from(2), options);
      for (const { x, mask: hole } of conditions) {
        expect(Math.min(x.width, x.height)).toBeGreaterThanOrEqual(32);
        expect(x.data.every(Number.isFinite)).toBe(true);
        if (hole) expect([hole.width, hole.height]).toEqual([x.width, x.height]);
      }
      const out = await finish(conditions.map(({ x }) => createImage(x.width, x.height)));
      const wide = task.name === "uncrop" ? 2 * width : width;
      expect([out.width, out.height]).toEqual([wide, height]);
    }
  });
});

describe("compose", () => {
  it("keeps known pixels exactly and takes the network's in the hole, clipped", () => {
    const x = { ...gradient(2, 1), data: Float32Array.of(0.1, 9, 0.3, -9, 0.5, 3) };
    const mask = { width: 2, height: 1, data: Float32Array.of(0, 1) };
    const yHat = { width: 2, height: 1, data: Float32Array.of(-1, 0.25, -1, 1.5, -1, -1.5) };
    const out = compose({ x, mask, detail: "" }, yHat);
    expect(out.data).toEqual(Float32Array.of(0.1, 0.25, 0.3, 1, 0.5, -1));
  });

  it("takes the whole of the network's picture without a mask", () => {
    const x = createImage(1, 1, 0.5);
    const yHat = { width: 1, height: 1, data: Float32Array.of(-2, 0.25, 2) };
    expect(compose({ x, detail: "" }, yHat).data).toEqual(Float32Array.of(-1, 0.25, 1));
    expect(() => compose({ x, detail: "" }, createImage(2, 1))).toThrow(
      /2x1, but the source is 1x1/,
    );
  });

  it("gives the clean photo when the network is perfect", async () => {
    const y = gradient(64, 64);
    for (const task of tasks) {
      const condition = await task.degrade(y, context(Random.from(3, task.name)));
      expect(compose(condition, y).data).toEqual(y.data);
    }
  });
});

describe("colorization", () => {
  it("gives gray in RGB form and asks for all three channels", async () => {
    const { x, mask } = await taskNamed("colorize").degrade(
      gradient(16, 16),
      context(Random.from(0)),
    );
    expect(x.data.subarray(0, 256)).toEqual(x.data.subarray(256, 512));
    expect(x.data.subarray(0, 256)).toEqual(x.data.subarray(512));
    expect(mask).toBeUndefined();
  });

  it("looks at a small copy and keeps the photo's own detail", async () => {
    const photo = gradient(200, 90);
    const { conditions, finish } = await taskNamed("colorize").prepare(photo, 32, Random.from(0));
    const [{ x }] = conditions as [Condition];
    expect([x.width, x.height]).toEqual([71, 32]);
    const out = await finish([createImage(71, 32, 0.7)]);
    // A gray answer leaves the photo's luma alone.
    expect(toBytes(out)).toEqual(toBytes(grayscale(photo)));
  });
});

describe("restoring a JPEG", () => {
  it("is done at the photo's own pixels, filled up to whole blocks", async () => {
    const photo = gradient(70, 41);
    const { conditions, finish } = await taskNamed("dejpeg").prepare(photo, 32, Random.from(0));
    const [{ x, mask }] = conditions as [Condition];
    expect([x.width, x.height, mask]).toEqual([80, 48, undefined]);
    expect((await finish([x])).data).toEqual(photo.data);
  });
});

import { describe, expect, it } from "vitest";
import { UsageError } from "../errors.ts";
import { createImage, createMask, type Image, toBytes } from "../images/image.ts";
import { resize } from "../images/resize.ts";
import { Random } from "../random.ts";
import { taskNamed, tasks } from "./registry.ts";
import { compose, type TaskOptions } from "./task.ts";

/** A smooth picture with colours, values in [-1, 1]. */
function gradient(width: number, height: number): Image {
  const image = createImage(width, height);
  for (let i = 0; i < image.data.length; i++) image.data[i] = Math.sin(i / 97) * 0.9;
  return image;
}

/** What `condition` needs beside the photo. */
const needs: Record<string, TaskOptions> = {
  inpaint: { mask: createMask(32, 32, 1) },
  uncrop: { side: "right" },
};

describe("the registry", () => {
  it("holds the paper's four tasks", () => {
    expect(tasks.map((task) => task.name)).toEqual(["colorize", "inpaint", "uncrop", "dejpeg"]);
    expect(taskNamed("uncrop").title).toBe("Uncropping");
    expect(() => taskNamed("color")).toThrow(UsageError);
    expect(() => taskNamed("color")).toThrow(
      'There is no task "color"; the tasks are colorize, inpaint, uncrop, dejpeg.',
    );
  });

  it.each(tasks)("$name repeats exactly from the same stream and leaves y alone", async (task) => {
    const y = gradient(32, 32);
    const before = y.data.slice();
    const a = await task.degrade(y, Random.from(1, task.name));
    const b = await task.degrade(y, Random.from(1, task.name));
    expect(a).toEqual(b);
    expect(y.data).toEqual(before);
    expect([a.x.width, a.x.height, a.x.data.length]).toEqual([32, 32, 3072]);
  });

  it.each(tasks)("$name makes a square condition of a photo of any size", async (task) => {
    for (const [width, height] of [
      [1, 1],
      [100, 40],
      [40, 100],
      [33, 32],
      [3000, 2],
    ] as const) {
      const { x } = await task.condition(
        gradient(width, height),
        32,
        Random.from(2),
        needs[task.name],
      );
      expect([x.width, x.height]).toEqual([32, 32]);
      expect(x.data.every(Number.isFinite)).toBe(true);
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
      const condition = await task.degrade(y, Random.from(3, task.name));
      expect(compose(condition, y).data).toEqual(y.data);
    }
  });
});

describe("colorization", () => {
  it("gives gray in RGB form and asks for all three channels", async () => {
    const { x, mask } = await taskNamed("colorize").degrade(gradient(16, 16), Random.from(0));
    expect(x.data.subarray(0, 256)).toEqual(x.data.subarray(256, 512));
    expect(x.data.subarray(0, 256)).toEqual(x.data.subarray(512));
    expect(mask).toBeUndefined();
  });

  it("takes the largest central square of the user's photo", async () => {
    const wide = createImage(96, 32, -1);
    for (let y = 0; y < 32; y++) {
      for (let c = 0; c < 3; c++) wide.data.fill(1, (c * 32 + y) * 96 + 32, (c * 32 + y) * 96 + 64);
    }
    const { x } = await taskNamed("colorize").condition(wide, 32, Random.from(0));
    for (const value of x.data) expect(value).toBeCloseTo(1, 6);
  });
});

describe("restoring a JPEG", () => {
  it("leaves the user's picture as it is", async () => {
    const photo = gradient(32, 32);
    const { x, mask } = await taskNamed("dejpeg").condition(photo, 32, Random.from(0));
    expect(x.data).toEqual(photo.data);
    expect(mask).toBeUndefined();
    const larger = await taskNamed("dejpeg").condition(gradient(64, 64), 32, Random.from(0));
    expect(toBytes(larger.x)).toEqual(toBytes(await resize(gradient(64, 64), 32, 32)));
  });
});

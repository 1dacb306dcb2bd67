import { describe, expect, it, vi } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { createImage, createMask, crop, grayscale, type Image, isGray } from "../image/image.ts";
import type { ModelConfig } from "../models/config.ts";
import type { Network } from "../runtime/network.ts";
import { inpaint } from "../tasks/inpaint.ts";
import { Random } from "../util/random.ts";
import { Palette } from "./palette.ts";
import { panorama, panoramaSize } from "./panorama.ts";
import type { SamplingProgress } from "./sampling-options.ts";
import { stagesOf } from "./sharpen-stages.ts";

const fills = ["inpaint", "uncrop"];
const able = [...fills, "sharpen"];
const [width, height] = [150, 120];
const photo = noise(width, height);
const hole = createMask(width, height);
for (let y = 20; y < 100; y++) hole.data.fill(1, y * width + 30, y * width + 120);
const quick = { steps: 2, seed: 5 } as const;

function noise(width: number, height: number): Image {
  const random = Random.from("sharpen-fill.test");
  const image = createImage(width, height);
  return { ...image, data: image.data.map(() => Math.fround(random.between(-1, 1))) };
}

/** A palette whose network answers something of all its inputs, and its calls. */
function stub(tasks: readonly string[], details: Partial<ModelConfig> = {}) {
  const { config } = randomModel({ tasks: [...tasks], ...details });
  const predict = vi.fn<Network["predict"]>(async ({ source, noisy, gamma, onImage, shape }) => {
    for (let k = 0; k < shape[0]; k++) onImage?.();
    const level = typeof gamma === "number" ? gamma : 0;
    return noisy.map((value, i) => 0.2 * value + 0.5 * source[i]! + 0.1 * level);
  });
  const network = { config, predict, dispose: async () => {} };
  return { palette: new Palette(network, { onWarning: () => {} }), predict };
}

/** Whether the pictures differ, inside the mask and outside. */
function differences(a: Image, b: Image, mask = hole) {
  const found = { inside: 0, outside: 0 };
  a.data.forEach((value, i) => {
    if (value === b.data[i]) return;
    if (mask.data[i % mask.data.length] === 1) found.inside++;
    else found.outside++;
  });
  return found;
}

describe("what is filled and enlarged", () => {
  it("is sharpened by a model that can: nothing else changes", async () => {
    const { palette } = stub(able);
    const options = { ...quick, mask: hole };
    const [sharp] = await palette.inpaint(photo, options);
    const [soft] = await palette.inpaint(photo, { ...options, sharpen: false });
    const changed = differences(sharp!, soft!);
    expect(changed.outside).toBe(0);
    expect(changed.inside).toBeGreaterThan(0.99 * 3 * 80 * 90);
    expect(differences(sharp!, photo).outside).toBe(0);
    const [wide] = await palette.uncrop(photo, { ...quick, side: "right" });
    expect(crop(wide!, { left: 0, top: 0, width, height }).data).toEqual(photo.data);
  });

  it("is as it was where that is declined, or the model cannot", async () => {
    const options = { ...quick, mask: hole };
    const before = await stub(fills).palette.inpaint(photo, options);
    expect(await stub(able).palette.inpaint(photo, { ...options, sharpen: false })).toEqual(before);
    expect(await stub(fills).palette.inpaint(photo, { ...options, sharpen: true })).toEqual(before);
  });

  it("repeats with the seed; answer k is the same in any number of them", async () => {
    const { palette } = stub(able);
    const ask = (more: object) => palette.uncrop(photo, { ...quick, side: "left", ...more });
    const two = await ask({ samples: 2 });
    expect(await ask({})).toEqual([two[0]]);
    expect(two[1]).not.toEqual(two[0]);
    expect(await ask({ seed: 6 })).not.toEqual([two[0]]);
  });

  it("is shown with its sharp surroundings, and not where nothing is filled", async () => {
    const { palette, predict } = stub(able, { sampling: { steps: { sharpen: 1 } } });
    await palette.inpaint(photo, { ...quick, mask: hole });
    // The last call is about the photo's own pixels.
    const { source, shape } = predict.mock.calls.at(-1)![0];
    const values = new Set(photo.data);
    const known = source.filter((value) => values.has(value));
    expect(known.length).toBeGreaterThan(0.05 * source.length);
    expect(known.length).toBeLessThan(0.95 * source.length);
    expect(shape[2]).toBeGreaterThanOrEqual(32);
  });

  it("takes the steps of its task, all counted, windows apart; the mean is one", async () => {
    for (const [sampling, options, calls] of [
      [{ steps: { sharpen: 2 } }, { steps: 4 }, 2],
      [undefined, { steps: 1 }, 4],
      [undefined, { mean: true }, 1],
    ] as const) {
      const { palette } = stub(able, { sampling });
      const told: SamplingProgress[] = [];
      const samples = "mean" in options ? 1 : 2;
      const onStep = (progress: SamplingProgress) => void told.push(progress);
      await palette.inpaint(photo, { ...options, samples, mask: hole, onStep });
      const steps = told.map(({ step }) => step);
      expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
      expect(told.at(-1)!.step).toBe(told.at(-1)!.steps);
      const filling = "mean" in options ? 1 : options.steps;
      const prepared = await inpaint.prepare(photo, 32, Random.from(1), { mask: hole });
      const windows = prepared.enlarged!.flatMap((filling) => stagesOf(filling, palette.config));
      const count = windows.flatMap(({ parts }) => parts).reduce((sum, p) => sum + p.windows, 0);
      expect(told.at(-1)!.steps).toBe(filling + samples * calls * count);
    }
  });

  it("of a gray photo stays gray", async () => {
    const [sharp] = await stub(able).palette.inpaint(grayscale(photo), { ...quick, mask: hole });
    expect(isGray(sharp!)).toBe(true);
  });
});

describe("the stages of a filling", () => {
  const { config } = randomModel();
  const filling = (side: number, scale: number) => {
    const fill = createMask(side, side);
    for (let y = 10; y < side - 10; y++) fill.data.fill(1, y * side + 10, (y + 1) * side - 10);
    return { box: { left: 0, top: 0, width: side, height: side }, fill, scale };
  };

  it("are each at least twice as fine as the one before, the last the picture's own", () => {
    const widths = (side: number, scale: number) =>
      stagesOf(filling(side, scale), config).map(({ width }) => width);
    expect(widths(256, 8)).toEqual([64, 128, 256]);
    expect(widths(150, 5)).toEqual([67, 150]);
    expect(widths(90, 1.5)).toEqual([90]);
    expect(widths(70, 1.1)).toEqual([]);
  });

  it("go through the network in parts of bounded size, each filled pixel in one", () => {
    const { parts } = stagesOf(filling(2100, 2), config)[0]!;
    const made = createMask(2100, 2100);
    for (const { made: box, seen } of parts) {
      expect(Math.max(seen.width, seen.height)).toBeLessThan(1200);
      for (let y = box.top; y < box.top + box.height; y++)
        for (let x = box.left; x < box.left + box.width; x++) made.data[y * 2100 + x]!++;
    }
    const { fill } = filling(2100, 2);
    expect(made.data.every((count, i) => count === fill.data[i])).toBe(true);
  });
});

describe("a panorama that is sharpened", () => {
  it("has the photo's height and its pixels", async () => {
    const steps: string[] = [];
    const [wide] = await panorama(stub(able).palette, photo, {
      ...{ ...quick, left: 1, right: 2 },
      onStep: ({ step, steps: all }) => void steps.push(`${step}/${all}`),
    });
    const size = panoramaSize(photo, 32, { left: 1, right: 2, sharpen: true });
    expect(size).toEqual({ width: 60 + width + 120, height });
    expect({ width: wide!.width, height: wide!.height }).toEqual(size);
    expect(crop(wide!, { left: 60, top: 0, width, height }).data).toEqual(photo.data);
    const [done, all] = steps.at(-1)!.split("/");
    expect(done).toBe(all);
    const declined = { ...quick, left: 1, right: 2, sharpen: false };
    expect(await panorama(stub(able).palette, photo, declined)).toEqual(
      await panorama(stub(fills).palette, photo, declined),
    );
  });
});

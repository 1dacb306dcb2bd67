import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { createImage, crop, type Image } from "../image/image.ts";
import { loadNetwork } from "../node/load-network.ts";
import { UsageError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { Palette } from "./palette.ts";
import { panorama, panoramaSize } from "./panorama.ts";

let palette: Palette;
beforeAll(async () => {
  palette = new Palette(await loadNetwork(randomModel({}, smallestNetwork), { threads: 2 }));
});
afterAll(() => palette.dispose());

function noise(width: number, height: number): Image {
  const random = Random.from("panorama");
  const image = createImage(width, height);
  for (let i = 0; i < image.data.length; i++) image.data[i] = random.between(-1, 1);
  return image;
}

describe("a panorama", () => {
  it("of a square has five times its width with 4 and 4, the photo untouched in the middle", async () => {
    const photo = noise(32, 32);
    const steps: string[] = [];
    const [wide] = await panorama(palette, photo, {
      steps: 1,
      onStep: ({ step, steps: all }) => void steps.push(`${step}/${all}`),
    });
    expect([wide!.width, wide!.height]).toEqual([160, 32]);
    expect(crop(wide!, { left: 64, top: 0, width: 32, height: 32 }).data).toEqual(photo.data);
    expect(steps).toEqual(["1/8", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8", "8/8"]);
  });

  it("grows only where it is asked to, the same way each time, and differs between samples", async () => {
    const photo = noise(64, 32);
    const options = { left: 0, right: 2, steps: 1, seed: 3 };
    const [one] = await panorama(palette, photo, options);
    const two = await panorama(palette, photo, { ...options, samples: 2 });
    expect(one!.width).toBe(96);
    expect(two[0]).toEqual(one);
    expect(two[1]).not.toEqual(one);
    expect(crop(one!, { left: 0, top: 0, width: 64, height: 32 }).data).toEqual(photo.data);
    // What is further right was made from what came before: more windows change nothing in it.
    const [longer] = await panorama(palette, photo, { ...options, right: 3 });
    expect(crop(longer!, { left: 0, top: 0, width: 96, height: 32 })).toEqual(one);
  });

  it("takes portraits and large photos", async () => {
    for (const [width, height, expected] of [
      [50, 90, [48, 58]],
      [300, 100, [112, 32]],
    ] as const) {
      const [wide] = await panorama(palette, noise(width, height), { left: 1, right: 0, steps: 1 });
      expect([wide!.width, wide!.height]).toEqual(expected);
    }
  });

  it("of a tall photo keeps all of it, and continues it over its whole height", async () => {
    const photo = noise(32, 96);
    const [wide] = await panorama(palette, photo, { left: 1, right: 1, steps: 1 });
    expect([wide!.width, wide!.height]).toEqual([64, 96]);
    expect(crop(wide!, { left: 16, top: 0, width: 32, height: 96 }).data).toEqual(photo.data);
    const rows = Array.from({ length: 96 }, (_, top) =>
      crop(wide!, { left: 0, top, width: 16, height: 1 }).data.some((value) => value !== 0),
    );
    expect(rows.every(Boolean)).toBe(true);
  });

  it("refuses a photo so thin that the panorama would be too big", async () => {
    const thread = createImage(1, 300_000);
    await expect(panorama(palette, thread)).rejects.toThrow(/cut the photo to a less extreme/);
  });

  it("keeps the shape of a low, wide photo, and has the size that is foretold", async () => {
    const photo = noise(300, 10);
    const [wide] = await panorama(palette, photo, { left: 0, right: 1, steps: 1 });
    expect([wide!.width, wide!.height]).toEqual([960 + 16, 32]);
    for (const [width, height] of [
      [300, 10],
      [50, 90],
      [33, 32],
    ] as const) {
      const options = { left: 1, right: 0, steps: 1 };
      const [made] = await panorama(palette, noise(width, height), options);
      expect(panoramaSize({ width, height }, 32, options)).toEqual({
        width: made!.width,
        height: made!.height,
      });
    }
  });

  it("warns of a model that was not trained to uncrop", async () => {
    const warnings: string[] = [];
    const network = await loadNetwork(randomModel({ tasks: ["colorize"] }, smallestNetwork), {
      threads: 2,
    });
    const other = new Palette(network, { onWarning: (line) => warnings.push(line) });
    await panorama(other, noise(32, 32), { left: 1, right: 1, steps: 1 });
    await other.dispose();
    expect(warnings).toEqual([expect.stringMatching(/not for uncrop/)]);
  });

  it("refuses impossible windows and options", async () => {
    for (const left of [-1, 0.5, 65]) {
      await expect(panorama(palette, noise(32, 32), { left })).rejects.toThrow(UsageError);
    }
    const none = { left: 0, right: 0 };
    for (const options of [
      { samples: 0 },
      { samples: 1.5 },
      { seed: 0.5 },
      { steps: 0 },
      { eta: 1 },
      { lefft: 2 },
    ]) {
      const refused = panorama(palette, noise(32, 32), { ...none, ...options });
      await expect(refused).rejects.toThrow(UsageError);
    }
  });
});

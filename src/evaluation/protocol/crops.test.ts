import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePhotos } from "../../../test/training-photos.ts";
import { toSquare } from "../../image/resize.ts";
import { photoFiles } from "../../node/codec.ts";
import { readImage } from "../../node/decode-image.ts";
import { scanPhotos } from "../../node/photo-folders.ts";
import { type CropOptions, CropSource, photoOrder, usablePhotos } from "./crops.ts";

let root: string;
let options: CropOptions;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-crops-"));
  const photos = await scanPhotos([await writePhotos(join(root, "photos"), 3)]);
  const counts = { evaluated: 6, reference: 12 };
  options = { reader: photoFiles, photos, resolution: 32, kind: "random", seed: 1, counts };
});
afterAll(() => rm(root, { recursive: true }));

describe("photos", () => {
  it("take turns in their order, or in a drawn one when there are more than crops", () => {
    expect(photoOrder(5, 2, 1)).toEqual([0, 1]);
    expect(photoOrder(3, 3, 1)).toEqual([0, 1, 2]);
    const drawn = photoOrder(4, 100, 1);
    expect([...drawn].sort((a, b) => a - b)).toEqual(photoOrder(100, 100, 1));
    // Files are sorted by what they show: the first few crops must not be the first few photos.
    expect(Math.max(...drawn.slice(0, 10))).toBeGreaterThan(50);
    expect(photoOrder(4, 100, 2)).not.toEqual(drawn);
  });

  it("of a crop are the same however many crops there are", async () => {
    const of = (evaluated: number) => {
      const source = new CropSource({ ...options, counts: { evaluated, reference: 12 } });
      return Array.from({ length: evaluated }, (_, k) => source.photoOf(k));
    };
    expect(of(2)).toEqual([...photoOrder(1, 3, 1)].slice(0, 2));
    expect(of(5)).toEqual([0, 1, 2, 0, 1]);
    expect(of(8).slice(0, 5)).toEqual(of(5));
  });

  it("that cannot be used are named, and the others kept in order", async () => {
    await writeFile(join(root, "b-broken.png"), "no picture");
    const given = [options.photos[0]!, join(root, "b-broken.png"), options.photos[1]!];
    const done: number[] = [];
    const { usable, refused } = await usablePhotos(photoFiles, given, 32, (count) =>
      done.push(count),
    );
    expect(usable).toEqual([options.photos[0], options.photos[1]]);
    expect(refused).toEqual([expect.stringContaining("b-broken.png")]);
    expect(done.at(-1)).toBe(3);
    expect((await usablePhotos(photoFiles, given, 400)).usable).toEqual([]);
  });
});

describe("crops", () => {
  it("are a function of the seed and their number", async () => {
    const one = new CropSource(options);
    const last = await one.crop(5);
    const other = new CropSource(options);
    for (const k of [0, 5, 3]) await other.crop(k);
    expect(await other.crop(5)).toEqual(last);
    expect(last).toMatchObject({ photo: options.photos[2], group: 2 });
    expect((await one.crop(2)).image).not.toEqual(last.image);
    expect((await new CropSource({ ...options, seed: 2 }).crop(5)).image).not.toEqual(last.image);
  });

  it("of the reference are other ones", async () => {
    const source = new CropSource(options);
    const [evaluated, reference] = [await source.crop(1), await source.crop(1, "reference")];
    expect(reference.photo).toBe(evaluated.photo);
    expect(reference.image).not.toEqual(evaluated.image);
  });

  it("in the centre are the photo's largest square", async () => {
    const source = new CropSource({ ...options, kind: "centre" });
    const [path] = options.photos;
    const { image } = await source.crop(0);
    const expected = toSquare(await readImage(path!), 32);
    for (const [i, value] of image.data.entries()) expect(value).toBeCloseTo(expected.data[i]!, 5);
  });
});

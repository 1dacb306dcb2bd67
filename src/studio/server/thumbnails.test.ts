import { mkdir, rm, writeFile } from "node:fs/promises";
import { beforeAll, expect, it } from "vitest";
import { pictureFile, savedModel, withStudio } from "../../../test/support/studio.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";
import { sharp } from "../../node/sharp.ts";
import { PhotoFolder } from "./photo-folder.ts";
import { Thumbnails } from "./thumbnails.ts";

const { at } = temporaryFiles("");
const limits = { uploadBytes: 1e6, pixels: 1e4 };

beforeAll(async () => {
  await mkdir(at("photos"));
  await writeFile(at("photos/a.png"), await pictureFile(64, 32));
  await writeFile(at("photos/b.png"), await pictureFile(40, 20));
  await writeFile(at("photos/large.png"), await pictureFile(200, 100));
});

async function opened(most?: number) {
  const folder = await PhotoFolder.open(at("photos"));
  const { photos } = await folder.list();
  const id = (name: string) => photos.find((photo) => photo.name === name)?.id ?? "";
  return { thumbnails: new Thumbnails(folder, limits, most), id };
}

const sizeOf = async (file: Uint8Array) => {
  const { width, height, format } = await sharp(file).metadata();
  return [width, height, format];
};

it("makes photos small, never larger, and keeps what it has made until the photo changes", async () => {
  const { thumbnails, id } = await opened();
  const first = await thumbnails.of(id("a.png"), 32);
  expect(await sizeOf(first)).toEqual([32, 16, "webp"]);
  expect(await sizeOf(await thumbnails.of(id("b.png"), 100))).toEqual([40, 20, "webp"]);
  expect(await thumbnails.of(id("a.png"), 32)).toBe(first);
  await writeFile(at("photos/a.png"), await pictureFile(64, 64));
  expect(await sizeOf(await thumbnails.of(id("a.png"), 32))).toEqual([32, 32, "webp"]);
});

it("keeps the ones asked for last, within its bound", async () => {
  const { thumbnails, id } = await opened(Number.POSITIVE_INFINITY);
  for (const width of [16, 17, 18]) await thumbnails.of(id("b.png"), width);
  const most = thumbnails.size - 1;
  const bounded = (await opened(most)).thumbnails;
  const of = (width: number) => bounded.of(id("b.png"), width);
  const [first, second] = [await of(16), await of(17)];
  expect(bounded.size).toBe(first.length + second.length);
  expect(await of(16)).toBe(first);
  await of(18);
  expect(bounded.size).toBeLessThanOrEqual(most);
  expect(await of(16)).toBe(first);
  expect(await of(17)).not.toBe(second);
});

it("refuses photos that are too large, broken or gone", async () => {
  const { thumbnails, id } = await opened();
  await expect(thumbnails.of(id("large.png"), 32)).rejects.toThrow(/large.png has 200x100 pixels/);
  await expect(thumbnails.of("nobody", 32)).rejects.toThrow(/no such photo/);
  const b = id("b.png");
  await rm(at("photos/b.png"));
  await expect(thumbnails.of(b, 32)).rejects.toThrow(/no such photo/);
  expect(thumbnails.size).toBe(0);
});

it("serves them by their width, between bounds", async () => {
  const models = [await savedModel(at("model"))];
  await withStudio({ models, folder: at("photos") }, async ({ client }) => {
    const { photos } = await client().folder();
    const id = photos.find(({ name }) => name === "large.png")?.id ?? "";
    const small = await client().folderPhoto(id, { width: 50 });
    expect(small.type).toBe("image/webp");
    expect(await sizeOf(new Uint8Array(await small.arrayBuffer()))).toEqual([50, 25, "webp"]);
    for (const width of [0, 15, 1025, 20.5]) {
      await expect(client().folderPhoto(id, { width }), `${width}`).rejects.toThrow(/^query.width/);
    }
  });
});

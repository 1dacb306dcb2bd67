import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createImage, fromBytes, toBytes } from "../image/image.ts";
import { Random } from "../util/random.ts";
import { readImage, readPhoto } from "./decode-image.ts";
import { encodeImage, writeImage } from "./encode-image.ts";
import { metadataOf } from "./image-metadata.ts";

describe("writing images", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "palette-encode-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const random = Random.from("encode.test");
  const rgb = Uint8Array.from({ length: 3 * 9 * 7 }, () => random.integer(0, 255));
  const image = fromBytes(rgb, 9, 7);

  it("keeps every pixel in PNG", async () => {
    expect(toBytes(await readImage(await encodeImage(image, "png")))).toEqual(rgb);
  });

  it("chooses the format by the ending and creates the folders", async () => {
    for (const [ending, format] of [
      ["png", "png"],
      ["jpg", "jpeg"],
      ["JPEG", "jpeg"],
      ["webp", "webp"],
      ["avif", "heif"],
    ]) {
      const path = join(folder, "a", ending!, `picture.${ending}`);
      await writeImage(path, image);
      expect((await sharp(path).metadata()).format).toBe(format);
      expect(await readdir(join(folder, "a", ending!))).toEqual([`picture.${ending}`]);
    }
  });

  it("refuses what is no image, no path and no opacity in one line", async () => {
    const path = join(folder, "refused.png");
    const bytes = { ...image, data: image.data.map((value) => 127.5 * (value + 1)) };
    await expect(writeImage(path, bytes)).rejects.toThrow(/from -1 to 1/);
    await expect(writeImage(undefined as unknown as string, image)).rejects.toThrow(/undefined/);
    const alpha = new Uint8Array(5);
    await expect(writeImage(path, image, { alpha })).rejects.toThrow(/63 values, not .* of 5/);
    expect(await readdir(folder)).not.toContain("refused.png");
  });

  it("says which endings there are, and why a file cannot be written", async () => {
    await expect(writeImage("x.bmp", image)).rejects.toThrow(
      "Cannot write x.bmp: name it .png, .jpg, .webp or .avif.",
    );
    await writeFile(join(folder, "file"), "in the way");
    await expect(writeImage(join(folder, "file", "x.png"), image)).rejects.toThrow(
      /^Cannot write .*x\.png: /,
    );
    await expect(encodeImage(createImage(20_000, 1), "webp")).rejects.toThrow(/20000x1 .* use PNG/);
  });

  it("keeps resolution and dates of a photo in every format, upright", async () => {
    const dates = {
      DateTime: "2004:05:06 07:08:09",
      DateTimeOriginal: "2001:02:03 04:05:06",
      OffsetTimeOriginal: "+02:00",
      SubSecTimeOriginal: "12",
    };
    const { DateTime, ...rest } = dates;
    const jpeg = await sharp(await encodeImage(image, "png"))
      .withExif({ IFD0: { DateTime, Software: "a camera" }, IFD2: rest })
      .withMetadata({ density: 300, orientation: 6 })
      .jpeg()
      .toBuffer();
    const { image: upright, metadata } = await readPhoto(jpeg);
    expect(metadata).toEqual({ density: 300, dates });
    for (const format of ["png", "jpeg", "webp", "avif"] as const) {
      const again = await readPhoto(await encodeImage(upright, format, { metadata }));
      expect(again.metadata).toEqual(metadata);
      expect([again.image.width, again.image.height]).toEqual([upright.width, upright.height]);
      expect(again.notes).toEqual([]);
    }
    const bare = await sharp(await encodeImage(upright, "jpeg")).metadata();
    expect([bare.exif, bare.icc, bare.xmp]).toEqual([undefined, undefined, undefined]);
  });

  it("takes broken EXIF for none", () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    for (const exif of ["", "Exif\0\0", "Exif\0\0II*\0\xff\xff\xff\xff", "no such thing at all"]) {
      expect(metadataOf({ exif: bytes(exif) })).toEqual({});
    }
  });

  it("is as large as its quality asks, which PNG has not", async () => {
    for (const format of ["jpeg", "webp", "avif"] as const) {
      const size = async (quality: number) =>
        (await encodeImage(image, format, { quality })).length;
      expect(await size(10)).toBeLessThan((await size(95)) / 1.5);
      await expect(encodeImage(image, format, { quality: 101 })).rejects.toThrow(/from 1 to 100/);
    }
    await expect(encodeImage(image, "png", { quality: 95 })).rejects.toThrow(/PNG keeps every/);
  });

  it("writes a file whose name is as long as a name can be", async () => {
    const name = `${"n".repeat(251)}.png`;
    await writeImage(join(folder, "long", name), image);
    expect(await readdir(join(folder, "long"))).toEqual([name]);
  });

  it("leaves nothing behind when the place is taken by a folder", async () => {
    const taken = join(folder, "taken");
    await writeImage(join(taken, "x.png", "inner.png"), image);
    await expect(writeImage(join(taken, "x.png"), image)).rejects.toThrow(/^Cannot write/);
    expect(await readdir(taken)).toEqual(["x.png"]);
  });
});

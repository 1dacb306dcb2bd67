import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tiff } from "../../test/support/tiff.ts";
import { fromBytes, toBytes } from "../image/image.ts";
import { readImage, readPhoto } from "./decode-image.ts";
import { writeImage } from "./encode-image.ts";

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "palette-photo-"));
});
afterAll(() => rm(folder, { recursive: true }));

const rgba = Uint8Array.of(200, 10, 20, 255, 30, 140, 50, 128, 60, 70, 180, 0, 1, 2, 3, 255);
const raw = { raw: { width: 4, height: 1, channels: 4 } } as const;

describe("a photo", () => {
  it("keeps its transparency, and the colours under it, through PNG and WebP", async () => {
    await writeFile(at("in.png"), await sharp(rgba, raw).png().toBuffer());
    const { image, alpha } = await readPhoto(at("in.png"));
    expect([...alpha!]).toEqual([255, 128, 0, 255]);
    expect([...toBytes(image)]).toEqual([200, 10, 20, 30, 140, 50, 60, 70, 180, 1, 2, 3]);
    await writeImage(at("out.png"), image, { alpha });
    const again = await readPhoto(at("out.png"));
    expect(again.alpha).toEqual(alpha);
    expect(again.image).toEqual(image);
    await writeImage(at("out.webp"), image, { alpha });
    expect((await readPhoto(at("out.webp"))).alpha).toEqual(alpha);
    // JPEG has no transparency: what is invisible becomes white.
    await writeImage(at("out.jpg"), image, { alpha });
    const white = toBytes(await readImage(at("out.jpg"))).subarray(6, 9);
    for (const value of white) expect(value).toBeGreaterThan(235);
  });

  it("has no alpha where everything is opaque", async () => {
    const opaque = rgba.map((value, i) => (i % 4 === 3 ? 255 : value));
    await writeFile(at("opaque.png"), await sharp(opaque, raw).png().toBuffer());
    expect(await readPhoto(at("opaque.png"))).not.toHaveProperty("alpha");
  });

  it("is turned upright, and says so", async () => {
    const tall = sharp(rgba, raw).removeAlpha().withMetadata({ orientation: 6 });
    await writeFile(at("turned.png"), await tall.png().toBuffer());
    const { image, notes } = await readPhoto(at("turned.png"));
    expect([image.width, image.height]).toEqual([1, 4]);
    expect(notes).toEqual(["it was turned upright (EXIF)"]);
  });

  it("is brought to sRGB from another profile, and says so; sRGB is not worth a word", async () => {
    const plain = fromBytes(Uint8Array.of(120, 130, 140, 10, 200, 30), 2, 1);
    const pipeline = () => sharp(toBytes(plain), { raw: { width: 2, height: 1, channels: 3 } });
    await writeFile(at("p3.png"), await pipeline().withIccProfile("p3").png().toBuffer());
    const wide = await readPhoto(at("p3.png"));
    expect(wide.notes).toEqual(["its colour profile was converted to sRGB"]);
    toBytes(wide.image).forEach((value, i) => {
      expect(Math.abs(value - toBytes(plain)[i]!)).toBeLessThanOrEqual(3);
    });
    await writeFile(at("srgb.png"), await pipeline().withIccProfile("srgb").png().toBuffer());
    expect((await readPhoto(at("srgb.png"))).notes).toEqual([]);
  });

  it("of more than 8 bits or with several pictures says what was left out", async () => {
    const deep = sharp(rgba, raw).removeAlpha().toColourspace("rgb16");
    await writeFile(at("deep.png"), await deep.png().toBuffer());
    expect((await readPhoto(at("deep.png"))).notes).toEqual(["its colours were rounded to 8 bits"]);
    const frames = Buffer.concat([Buffer.alloc(3 * 16, 20), Buffer.alloc(3 * 16, 200)]);
    const strip = { width: 4, height: 8, channels: 3, pageHeight: 4 } as const;
    await writeFile(at("moves.gif"), await sharp(frames, { raw: strip }).gif().toBuffer());
    const { image, notes } = await readPhoto(at("moves.gif"));
    expect(notes).toEqual(["only the first of its 2 pictures is used"]);
    expect([image.width, image.height, toBytes(image)[0]]).toEqual([4, 4, 20]);
  });

  it.each([
    ["floats of 0 to 1", Float32Array.of(0, 0.2, 0.4, 1), "0 to 1"],
    ["floats of -1 to 1", Float32Array.of(-1, -0.6, -0.2, 1), "-1 to 1"],
    ["floats of 0 to 255", Float32Array.of(0, 51, 102, 255), "0 to 255"],
    ["floats of light", Float32Array.of(0, 1, 2, 5), "0 to 5"],
    ["12 bits in 16", Uint16Array.of(0, 819, 1638, 4095), "12 bits"],
    ["8 bits in 16", Uint16Array.of(0, 51, 102, 255), "8 bits"],
    ["12 bits with a sign", Int16Array.of(0, 819, 1638, 4095), "12 bits"],
    ["16 bits in 32", Uint32Array.of(0, 13107, 26214, 65535), "16 bits"],
  ] as const)("of %s is read in its own range, and says so", async (_, samples, range) => {
    for (const channels of [1, 3] as const) {
      // libvips knows 32 bits without a point in gray alone.
      if (channels === 3 && samples instanceof Uint32Array) continue;
      const all = samples.constructor as unknown as { from(values: number[]): typeof samples };
      const values = [...samples].flatMap((value) => Array(channels).fill(value));
      const shape = { width: 2, height: 2, channels, photometric: channels === 1 ? 1 : 2 } as const;
      await writeFile(at("range.tif"), tiff(all.from(values), shape));
      const { image, notes } = await readPhoto(at("range.tif"));
      const first = [...toBytes(image)].filter((_, i) => i % 3 === 0);
      for (const [i, value] of [0, 51, 102, 255].entries())
        expect(Math.abs(first[i]! - value)).toBeLessThanOrEqual(1);
      expect(notes).toEqual([
        `its values were taken for ${range}`,
        "its colours were rounded to 8 bits",
      ]);
    }
  });

  it("of Lab colours is read where it can be", async () => {
    const shape = { width: 2, height: 1, channels: 3, photometric: 8 } as const;
    await writeFile(at("lab.tif"), tiff(Float32Array.of(50, 20, 30, 100, 0, 0), shape));
    const { image, notes } = await readPhoto(at("lab.tif"));
    for (const [i, value] of [164, 105, 69, 255, 255, 255].entries())
      expect(Math.abs(toBytes(image)[i]! - value)).toBeLessThanOrEqual(1);
    expect(notes).toContain("its Lab colours were converted to sRGB");
    await writeFile(at("lab8.tif"), tiff(Uint8Array.of(128, 20, 30, 255, 0, 0), shape));
    await expect(readPhoto(at("lab8.tif"))).rejects.toThrow(/lab8\.tif is a Lab TIFF of 8 bits/);
  });

  it.each([
    ["IMG_1.HEIC", "\0\0\0\x18ftypheic\0\0\0\0mif1", /is a HEIC photo.*convert it to JPEG/],
    ["scan.bmp", "BM\x40\0\0\0\0\0\0\0", /is a BMP file.*convert it to PNG/],
    ["all.jpg", "PK\x03\x04\x14\0", /is an archive.*unpack/],
  ])("%s is named, with what to do", async (name, start, message) => {
    await writeFile(at(name), Buffer.from(start.padEnd(400, "\0"), "latin1"));
    await expect(readPhoto(at(name))).rejects.toThrow(message);
  });

  it("of a JPEG says how strongly it was compressed", async () => {
    const file = await sharp(rgba, raw).removeAlpha().jpeg({ quality: 11 }).toBuffer();
    await writeFile(at("small.jpg"), file);
    expect((await readPhoto(at("small.jpg"))).jpeg).toEqual({ quality: 11, exact: true });
  });

  it("is refused in one line when it is none", async () => {
    await writeFile(at("empty.png"), "");
    await writeFile(at("text.png"), "no picture");
    for (const name of ["empty.png", "text.png", "missing.png"]) {
      await expect(readPhoto(at(name))).rejects.toThrow(new RegExp(`${name} [^\\n]+$`));
    }
  });
});

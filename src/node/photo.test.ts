import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

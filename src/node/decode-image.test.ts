import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../../test/support/failure.ts";
import { type Image, toBytes } from "../image/image.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { readBytes, readImage } from "./decode-image.ts";

type Color = { r: number; g: number; b: number; alpha?: number };

/** One flat colour, still to be encoded. */
function flat(color: Color, width = 16, height = 12): Sharp {
  const channels = color.alpha === undefined ? 3 : 4;
  return sharp({ create: { width, height, channels, background: color } });
}

function firstPixel(image: Image): number[] {
  return [...toBytes(image).subarray(0, 3)];
}

function expectNear(actual: number[], expected: number[], tolerance: number): void {
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i]! - value), `${actual} against ${expected}`).toBeLessThanOrEqual(
      tolerance,
    );
  }
}

describe("readImage", () => {
  let folder: string;
  let noisyJpeg: Buffer;
  let noisyPng: Buffer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "palette-decode-"));
    const random = Random.from("decode.test");
    const rgb = Buffer.from(Uint8Array.from({ length: 3 * 64 * 48 }, () => random.integer(0, 255)));
    const raw = sharp(rgb, { raw: { width: 64, height: 48, channels: 3 } });
    noisyJpeg = await raw.clone().jpeg({ quality: 90 }).toBuffer();
    noisyPng = await raw.clone().png().toBuffer();
  });
  afterAll(() => rm(folder, { recursive: true }));

  const failure = (input: string | Uint8Array) => failureOf(readImage(input));

  it.each(["png", "webp", "tiff", "gif"] as const)("reads lossless %s exactly", async (format) => {
    const bytes = await flat({ r: 250, g: 120, b: 10 })
      .toFormat(format, format === "webp" ? { lossless: true } : {})
      .toBuffer();
    const image = await readImage(bytes);
    expect([image.width, image.height]).toEqual([16, 12]);
    expectNear(firstPixel(image), [250, 120, 10], format === "gif" ? 4 : 0);
  });

  it("turns a photo upright by its EXIF orientation", async () => {
    // Left half red, right half blue; orientation 6: the camera was held 90 degrees to the left.
    const halves = flat({ r: 255, g: 0, b: 0 }, 40, 20).composite([
      { input: await flat({ r: 0, g: 0, b: 255 }, 20, 20).png().toBuffer(), left: 20, top: 0 },
    ]);
    const file = await halves.jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer();
    const image = await readImage(file);
    expect([image.width, image.height]).toEqual([20, 40]);
    expectNear(firstPixel(image), [255, 0, 0], 8);
    expectNear([...toBytes(image).subarray(-3)], [0, 0, 255], 8);
  });

  it("brings gray, gray with alpha, 16 bits and CMYK to 8-bit RGB", async () => {
    const gray = await flat({ r: 90, g: 90, b: 90 }).toColourspace("b-w").png().toBuffer();
    expect((await sharp(gray).metadata()).channels).toBe(1);
    expect(firstPixel(await readImage(gray))).toEqual([90, 90, 90]);

    const grayAlpha = await flat({ r: 0, g: 0, b: 0, alpha: 0 })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    expect((await sharp(grayAlpha).metadata()).channels).toBe(2);
    expect(firstPixel(await readImage(grayAlpha))).toEqual([255, 255, 255]);

    const deep = await flat({ r: 200, g: 100, b: 50 }).toColourspace("rgb16").png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe("ushort");
    expect(firstPixel(await readImage(deep))).toEqual([200, 100, 50]);

    const gray16 = await flat({ r: 70, g: 70, b: 70 }).toColourspace("grey16").png().toBuffer();
    expect((await sharp(gray16).metadata()).depth).toBe("ushort");
    expectNear(firstPixel(await readImage(gray16)), [70, 70, 70], 1);

    const ink = await flat({ r: 200, g: 60, b: 60 })
      .toColourspace("cmyk")
      .jpeg({ quality: 100 })
      .toBuffer();
    expect((await sharp(ink).metadata()).space).toBe("cmyk");
    const [r, g, b] = firstPixel(await readImage(ink));
    expect(r).toBeGreaterThan(150);
    expect(g).toBeLessThan(110);
    expect(b).toBeLessThan(110);
  });

  it("reads palettes and undoes foreign colour profiles", async () => {
    const indexed = await flat({ r: 20, g: 200, b: 40 }).png({ palette: true }).toBuffer();
    expect((await sharp(indexed).metadata()).isPalette).toBe(true);
    expectNear(firstPixel(await readImage(indexed)), [20, 200, 40], 2);

    const p3 = await flat({ r: 200, g: 120, b: 90 }).withIccProfile("p3").png().toBuffer();
    const stored = await sharp(p3, { ignoreIcc: true }).raw().toBuffer();
    expect([...stored.subarray(0, 3)]).not.toEqual([200, 120, 90]);
    expectNear(firstPixel(await readImage(p3)), [200, 120, 90], 3);
  });

  it("lays transparent pixels on white", async () => {
    const clear = await flat({ r: 10, g: 20, b: 30, alpha: 0 }).png().toBuffer();
    expect(firstPixel(await readImage(clear))).toEqual([255, 255, 255]);
    const half = await flat({ r: 0, g: 0, b: 0, alpha: 0.5 }).png().toBuffer();
    expectNear(firstPixel(await readImage(half)), [127, 127, 127], 1);
  });

  it("reads 1x1 and 20,000 pixels wide", async () => {
    const dot = await readImage(await flat({ r: 1, g: 2, b: 3 }, 1, 1).png().toBuffer());
    expect(firstPixel(dot)).toEqual([1, 2, 3]);
    const wide = await readImage(await flat({ r: 9, g: 9, b: 9 }, 20_000, 3).png().toBuffer());
    expect([wide.width, wide.height, wide.data.length]).toEqual([20_000, 3, 180_000]);
  });

  it("refuses what is over 268 megapixels without decoding it", async () => {
    // A PNG header alone claims the size.
    const huge = Buffer.from(noisyPng);
    huge.writeUInt32BE(20_000, 16);
    huge.writeUInt32BE(20_000, 20);
    huge.writeInt32BE(crc32(huge.subarray(12, 29)), 29);
    expect(await failure(huge)).toMatch(/too big: at most 268 megapixels/);
  });

  it("takes a path, a file URL, a Blob and bytes", async () => {
    const path = join(folder, "every way.png");
    await writeFile(path, noisyPng);
    const expected = await readImage(path);
    const bytes = Uint8Array.from(noisyPng);
    for (const input of [pathToFileURL(path), new Blob([bytes]), bytes, bytes.buffer]) {
      expect(await readImage(input)).toEqual(expected);
    }
    const file = new File(["no picture"], "mine.png");
    await expect(readImage(file)).rejects.toThrow(/^mine\.png is not an image/);
  });

  it.each([
    [undefined, /^An image is a path, .* not undefined\.$/],
    ["", /not ""/],
    [7, /not 7/],
    [{ data: [] }, /not an object/],
    [new URL("https://example.org/a.png"), /https:.*fetch it/],
  ])("refuses %s in one line", async (input, message) => {
    const read = readImage(input as string);
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toBeInstanceOf(UsageError);
  });

  it("names a missing, empty, foreign or folder path and says what to do", async () => {
    const path = join(folder, "x.jpg");
    expect(await failure(path)).toBe(`${path} does not exist; check the path.`);
    expect(await failure(folder)).toBe(`${folder} is a folder; name an image file.`);
    await writeFile(path, "");
    expect(await failure(path)).toBe(`${path} is empty; give an image file.`);
    await writeFile(path, "Dear diary, today I was not an image.");
    expect(await failure(path)).toMatch(/x\.jpg is not an image that can be read; use JPEG/);
  });

  it("refuses a file cut anywhere", async () => {
    for (const whole of [noisyJpeg, noisyPng]) {
      for (const part of [
        1,
        3,
        20,
        100,
        whole.length >> 2,
        whole.length >> 1,
        whole.length - 200,
      ]) {
        const path = join(folder, `cut-${part}.jpg`);
        await writeFile(path, whole.subarray(0, part));
        expect(await failure(path)).toContain(path);
      }
    }
  });

  it("survives damaged bytes: a picture of the right size or one clear error", async () => {
    const random = Random.from("decode.test", "damage");
    for (let round = 0; round < 120; round++) {
      const damaged = Buffer.from(round % 2 === 0 ? noisyJpeg : noisyPng);
      for (let i = 0; i < 8; i++)
        damaged[random.integer(0, damaged.length - 1)] = random.integer(0, 255);
      try {
        const image = await readImage(damaged);
        expect(image.data.length).toBe(3 * image.width * image.height);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(PaletteError);
      }
    }
  });

  it("shrinks while decoding to the short side asked for, and never grows", async () => {
    const small = await readBytes(noisyJpeg, { shortSide: 24 });
    expect([small.width, small.height]).toEqual([32, 24]);
    const same = await readBytes(noisyJpeg, { shortSide: 500 });
    expect([same.width, same.height]).toEqual([64, 48]);
  });
});

/** The checksum of PNG chunks. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

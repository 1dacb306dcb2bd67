import sharp, { type JpegOptions } from "sharp";
import { describe, expect, it } from "vitest";
import { jpegQuality } from "./jpeg-quality.ts";

const picture = sharp({ create: { width: 40, height: 24, channels: 3, background: "#a07030" } });
const jpeg = (options: JpegOptions) => picture.clone().jpeg(options).toBuffer();

describe("the quality of a JPEG", () => {
  it("is read from the file for every quality", async () => {
    for (let quality = 1; quality <= 100; quality++) {
      const found = jpegQuality(await jpeg({ quality }));
      expect(found, `quality ${quality}`).toEqual({ quality, exact: true });
    }
  });

  it("does not depend on how else the file was made", async () => {
    for (const options of [
      { progressive: true },
      { chromaSubsampling: "4:4:4" },
      { optimiseCoding: false },
    ]) {
      expect(jpegQuality(await jpeg({ quality: 12, ...options }))?.quality).toBe(12);
    }
    const tagged = await picture
      .clone()
      .withMetadata({ density: 300 })
      .jpeg({ quality: 7 })
      .toBuffer();
    expect(jpegQuality(tagged)?.quality).toBe(7);
  });

  it("is near where a program has tables of its own", async () => {
    const found = jpegQuality(await jpeg({ quality: 40, quantisationTable: 3 }));
    expect(found).toMatchObject({ exact: false });
    expect(Math.abs(found!.quality - 40)).toBeLessThan(25);
  });

  it("is unknown of anything else, cut short or damaged", async () => {
    expect(jpegQuality(await picture.clone().png().toBuffer())).toBeUndefined();
    expect(jpegQuality(new Uint8Array())).toBeUndefined();
    const file = await jpeg({ quality: 30 });
    for (let length = 0; length < 60; length++) {
      expect(() => jpegQuality(file.subarray(0, length))).not.toThrow();
    }
    const looping = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xe0, 0, 0);
    expect(jpegQuality(looping)).toBeUndefined();
  });
});

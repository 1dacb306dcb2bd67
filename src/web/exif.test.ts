import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { exifOf, exifOrientation, withExif } from "./exif.ts";

const formats = ["jpeg", "png", "webp"] as const;

function picture(width = 7, height = 5) {
  return sharp({ create: { width, height, channels: 3, background: "#2080c0" } });
}

describe("a photo's EXIF block", () => {
  it.each(formats)("is read from %s, and goes upright into every format", async (format) => {
    const photo = await picture()
      .withExif({ IFD0: { Artist: "somebody" } })
      .withMetadata({ orientation: 6 })
      .toFormat(format)
      .toBuffer();
    const block = exifOf(photo);
    if (block === undefined) throw new Error("there is none");
    expect(exifOrientation(block)).toBe(6);
    for (const into of formats) {
      const plain = await picture().toFormat(into).toBuffer();
      expect(exifOf(plain)).toBeUndefined();
      const file = new Blob([new Uint8Array(plain)], { type: `image/${into}` });
      const saved = Buffer.from(
        await (await withExif(file, block, { width: 7, height: 5 })).arrayBuffer(),
      );
      const { width, height, orientation, exif } = await sharp(saved).metadata();
      expect([width, height, orientation]).toEqual([7, 5, 1]);
      expect(exif?.includes("somebody")).toBe(true);
      // The pixels are those of the file.
      expect(await sharp(saved).raw().toBuffer()).toEqual(await sharp(plain).raw().toBuffer());
    }
  });

  it("that is broken counts as none", () => {
    const file = Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, 12, 69, 120, 105, 102, 0, 0, 1, 2, 3]);
    expect(exifOf(file)).toBeUndefined();
  });
});

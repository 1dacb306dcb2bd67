import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawing } from "../../test/support/drawing.ts";
import { seam } from "../../test/support/seam.ts";
import { psnr } from "../evaluation/metrics/psnr.ts";
import { crop, grayscale, type Image, isGray, toBytes } from "../image/image.ts";
import { toSquare } from "../image/resize.ts";
import { readImage } from "../node/decode-image.ts";
import { jpegRoundTrip } from "../node/jpeg.ts";
import { Palette } from "../node/palette.ts";

/** Of JPEG's blocks; about 1 in a photo. */
const blockiness = (image: Image) => seam(image, 8);

describe("the bundled model", () => {
  let palette: Palette;
  beforeAll(async () => {
    palette = await Palette.load(undefined, { onWarning: () => {} });
  });
  afterAll(() => palette.dispose());

  it.each(["hills", "beach"])(
    "takes the blocks from a black-and-white JPEG of %s",
    async (name) => {
      const path = fileURLToPath(new URL(`../../samples/${name}.jpg`, import.meta.url));
      const photo = grayscale(toSquare(await readImage(path), palette.resolution));
      expect(blockiness(photo)).toBeLessThan(1.3);
      const jpeg = await jpegRoundTrip(photo, 10);
      expect(isGray(jpeg)).toBe(true);
      const [restored] = await palette.dejpeg(jpeg, { quality: 10, seed: 1 });
      expect(isGray(restored!)).toBe(true);
      expect(blockiness(restored!)).toBeLessThan(blockiness(jpeg) / 1.8);
    },
  );

  it.each([10, 20, 40, 75])(
    "at its defaults makes no JPEG of quality %i worse: a photo's own pixels, a drawing of few colours",
    async (quality) => {
      const side = palette.resolution;
      const hills = await readImage(
        fileURLToPath(new URL("../../samples/hills.jpg", import.meta.url)),
      );
      const part = crop(hills, { left: 256, top: 128, width: side, height: side });
      for (const truth of [part, drawing(144, 144)]) {
        const jpeg = await jpegRoundTrip(truth, quality);
        const [restored] = await palette.dejpeg(jpeg, { quality });
        const decibels = (image: Image) => psnr(toBytes(image), toBytes(truth), truth);
        expect(decibels(restored!)).toBeGreaterThanOrEqual(decibels(jpeg));
      }
    },
  );
});

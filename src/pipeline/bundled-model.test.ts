import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seam } from "../../test/support/seam.ts";
import { grayscale, type Image, isGray } from "../image/image.ts";
import { toSquare } from "../image/resize.ts";
import { readImage } from "../node/decode-image.ts";
import { jpegRoundTrip } from "../node/jpeg.ts";
import { Palette } from "../node/palette.ts";

/** Of JPEG's blocks; about 1 in a photo. */
const blockiness = (image: Image) => seam(image, 8);

describe("the bundled model", () => {
  let palette: Palette;
  beforeAll(async () => {
    palette = await Palette.load();
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
      const [restored] = await palette.dejpeg(jpeg, { steps: 10, seed: 1 });
      expect(isGray(restored!)).toBe(true);
      expect(blockiness(restored!)).toBeLessThan(blockiness(jpeg) / 1.8);
    },
  );
});

/** Pictures of any size for the measurement: mosaics of photos at their own pixels. */
import { createImage, crop, type Image, paste } from "../../src/image/image.ts";

/** A JPEG codes colours in squares of this many pixels; sizes are whole numbers of them. */
const macroblock = 16;

/** The sides, 3:2, of a picture of about so many megapixels. */
export function sidesOf(megapixels: number): { readonly width: number; readonly height: number } {
  const height = macroblock * Math.round(Math.sqrt((megapixels * 1e6) / 1.5) / macroblock);
  return { width: macroblock * Math.round((1.5 * height) / macroblock), height };
}

/**
 * The middle squares of the photos side by side, row by row, from the first again when all are
 * used; those at the right and below are cut.
 * @param photos squares of one side
 */
export function mosaic(photos: readonly Image[], width: number, height: number): Image {
  const out = createImage(width, height);
  const side = photos[0]!.width;
  let next = 0;
  for (let top = 0; top < height; top += side) {
    for (let left = 0; left < width; left += side) {
      const photo = photos[next++ % photos.length]!;
      const [w, h] = [Math.min(side, width - left), Math.min(side, height - top)];
      const part = crop(photo, { left: 0, top: 0, width: w, height: h });
      paste(out, part, left, top);
    }
  }
  return out;
}

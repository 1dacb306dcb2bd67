/**
 * JPEG damage for the JPEG task. The plain libjpeg encoder with its standard tables and 4:2:0 chroma:
 * the optimisations of mozjpeg (trellis quantisation) would leave other artefacts than those of the
 * files in the world.
 */

import { fromImage, sharp, toRaw } from "../node/sharp.ts";
import { PaletteError } from "../util/errors.ts";
import { fromBytes, type Image } from "./image.ts";

/**
 * The picture as a JPEG file of this quality.
 * @param quality an integer from 1 to 100
 * @throws PaletteError for any other quality.
 */
export async function encodeJpeg(image: Image, quality: number): Promise<Uint8Array> {
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new PaletteError(`JPEG quality is a whole number from 1 to 100, not ${quality}.`);
  }
  return fromImage(image).jpeg({ quality, mozjpeg: false, chromaSubsampling: "4:2:0" }).toBuffer();
}

/** What is left of the picture after saving it as a JPEG of this quality and reading it again. */
export async function jpegRoundTrip(image: Image, quality: number): Promise<Image> {
  const { rgb, width, height } = await toRaw(sharp(await encodeJpeg(image, quality)));
  return fromBytes(rgb, width, height);
}

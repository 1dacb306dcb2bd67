/**
 * JPEG damage for the JPEG task. The encoder is plain libjpeg with its standard tables and 4:2:0
 * chroma, because the optimisations of mozjpeg (trellis quantisation) leave rarer artefacts.
 */
import { checkJpegQuality } from "../image/codec.ts";
import { fromBytes, type Image } from "../image/image.ts";
import { fromImage, sharp, toRaw } from "./sharp.ts";

/**
 * The image as a JPEG file of this quality.
 * @param quality an integer from 1 to 100
 * @throws PaletteError for any other quality.
 */
export async function encodeJpeg(image: Image, quality: number): Promise<Uint8Array> {
  checkJpegQuality(quality);
  return fromImage(image).jpeg({ quality, mozjpeg: false, chromaSubsampling: "4:2:0" }).toBuffer();
}

/** See `ImageCodec.jpegRoundTrip`. */
export async function jpegRoundTrip(image: Image, quality: number): Promise<Image> {
  const { rgb, width, height } = await toRaw(sharp(await encodeJpeg(image, quality)));
  return fromBytes(rgb, width, height);
}

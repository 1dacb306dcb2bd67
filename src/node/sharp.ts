/**
 * The one place where sharp (libvips) is set up. One thread an operation: the cores belong to the
 * network, and sharp still runs several operations side by side. No operation cache: every picture
 * is used once and would only hold memory.
 */
import sharp, { type Sharp } from "sharp";
import { type Image, maximalPixels, type RgbBytes, toBytes } from "../image/image.ts";

sharp.concurrency(1);
sharp.cache(false);

/** A sharp pipeline over interleaved 8-bit RGB. */
export function fromRaw(rgb: Uint8Array, width: number, height: number): Sharp {
  return sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: maximalPixels });
}

/** A sharp pipeline over a picture, rounded to 8 bits; with the opacity of each pixel if given. */
export function fromImage(image: Image, alpha?: Uint8Array): Sharp {
  const { width, height } = image;
  const rgb = toBytes(image);
  if (alpha === undefined) return fromRaw(rgb, width, height);
  const rgba = new Uint8Array(4 * width * height);
  for (let i = 0; i < alpha.length; i++) {
    rgba.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
    rgba[4 * i + 3] = alpha[i]!;
  }
  return sharp(rgba, { raw: { width, height, channels: 4 }, limitInputPixels: maximalPixels });
}

/** The pixels at the end of a pipeline as interleaved 8-bit RGB. */
export async function toRaw(pipeline: Sharp): Promise<RgbBytes> {
  const { data, info } = await pipeline
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`expected 3 channels, found ${info.channels}`);
  return { width: info.width, height: info.height, rgb: data };
}

export { sharp };

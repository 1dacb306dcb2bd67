/** From pixels to files. */
import { extname } from "node:path";
import { checkImage } from "../image/check-image.ts";
import type { EncodeOptions, ImageFormat } from "../image/codec.ts";
import type { Image } from "../image/image.ts";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import { shown } from "../util/shown.ts";
import { writeAtomically } from "./atomic-write.ts";
import { fromImage } from "./sharp.ts";

const formats: Record<string, ImageFormat> = {
  ".png": "png",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".webp": "webp",
};

/** The longest side that a format can hold, in pixels. */
const longestSide: Record<ImageFormat, number> = { png: 2 ** 31 - 1, jpeg: 65_535, webp: 16_383 };

/**
 * Asked before a picture is computed.
 * @throws PaletteError when the file's format cannot hold a picture of this size, or does not
 * exist.
 */
export function checkFormatHolds(path: string, width: number, height: number): void {
  const longest = longestSide[formatOf(path)];
  if (Math.max(width, height) <= longest) return;
  throw new PaletteError(
    `${path} cannot hold ${width}x${height} pixels, as its format ends at ${longest} a side; use PNG.`,
  );
}

/**
 * The picture as a file's bytes, rounded to 8 bits. PNG keeps every pixel; JPEG and WebP are
 * written at quality 95 with full colour resolution where the format has it.
 * @throws PaletteError when the format cannot hold so large a picture.
 */
export async function encodeImage(
  image: Image,
  format: ImageFormat,
  { alpha }: EncodeOptions = {},
): Promise<Uint8Array> {
  checkImage(image);
  checkAlpha(image, alpha);
  const pipeline = alpha === undefined ? fromImage(image) : fromImage(image, alpha);
  try {
    if (format === "png") return await pipeline.png().toBuffer();
    if (format === "jpeg") {
      return await pipeline
        .flatten({ background: "white" })
        .jpeg({ quality: 95, chromaSubsampling: "4:4:4" })
        .toBuffer();
    }
    return await pipeline.webp({ quality: 95 }).toBuffer();
  } catch (thrown) {
    throw new PaletteError(
      `A picture of ${image.width}x${image.height} cannot be written as ${format} (${reasonOf(thrown)}); use PNG.`,
      { cause: thrown },
    );
  }
}

/**
 * The format that a file name asks for.
 * @throws PaletteError for an ending other than .png, .jpg, .jpeg and .webp.
 */
export function formatOf(path: string): ImageFormat {
  const format = formats[extname(path).toLowerCase()];
  if (format === undefined) {
    throw new PaletteError(`Cannot write ${path}: name it .png, .jpg or .webp.`);
  }
  return format;
}

/** @throws UsageError unless there is an opacity from 0 to 255 for each pixel. */
function checkAlpha({ width, height }: Image, alpha: Uint8Array | undefined): void {
  if (alpha === undefined || (alpha instanceof Uint8Array && alpha.length === width * height))
    return;
  throw new UsageError(
    `The opacity of ${width}x${height} pixels is a Uint8Array of ${width * height} values, not ${shown(alpha)} of ${alpha.length}.`,
  );
}

/**
 * Writes the picture in the format of its file name, creating the folders. The file appears whole
 * or not at all: it is written under another name and renamed.
 * @throws PaletteError when the name's ending is unknown or the file cannot be written.
 */
export async function writeImage(
  path: string,
  image: Image,
  options: EncodeOptions = {},
): Promise<void> {
  if (typeof path !== "string" || path === "") {
    throw new UsageError(
      `An image is written to a path that ends in .png, .jpg or .webp, not to ${shown(path)}.`,
    );
  }
  await writeAtomically(path, await encodeImage(image, formatOf(path), options));
}

/** From pixels to files. */
import { extname } from "node:path";
import type { Sharp } from "sharp";
import { checkImage } from "../image/check-image.ts";
import { checkQuality, type EncodeOptions, type ImageFormat } from "../image/codec.ts";
import type { Image } from "../image/image.ts";
import type { Size } from "../image/model-size.ts";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import { shown } from "../util/shown.ts";
import { writeAtomically } from "./atomic-write.ts";
import { exifOf, type ImageMetadata } from "./image-metadata.ts";
import { fromImage } from "./sharp.ts";

export interface WriteOptions extends EncodeOptions {
  /**
   * What the file says beside its pixels, such as the `metadata` of a photo; nothing by default.
   */
  readonly metadata?: ImageMetadata | undefined;
  /** An XMP packet for the file. */
  readonly xmp?: string | undefined;
}

const formats: Record<string, ImageFormat> = {
  ".png": "png",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".jpe": "jpeg",
  ".jfif": "jpeg",
  ".webp": "webp",
  ".avif": "avif",
};

/** The longest side that a format can hold, in pixels. */
const longestSide: Record<ImageFormat, number> = {
  png: 2 ** 31 - 1,
  jpeg: 65_535,
  webp: 16_383,
  avif: 16_384,
};

const defaultQuality = 95;

/**
 * Asked before a picture is computed.
 * @throws PaletteError when the file's format cannot hold a picture of this size.
 */
export function checkFormatHolds(name: string, format: ImageFormat, { width, height }: Size): void {
  const longest = longestSide[format];
  if (Math.max(width, height) <= longest) return;
  throw new PaletteError(
    `${name} cannot hold ${width}x${height} pixels, as its format ends at ${longest} a side; use PNG.`,
  );
}

/**
 * The picture as a file's bytes, rounded to 8 bits. PNG keeps every pixel; JPEG, WebP and AVIF are
 * written at quality 95 unless another is given, with full colour resolution where the format has
 * it.
 * @throws PaletteError when the format cannot hold so large a picture, UsageError for an impossible
 * quality.
 */
export async function encodeImage(
  image: Image,
  format: ImageFormat,
  options: WriteOptions = {},
): Promise<Uint8Array> {
  const { alpha, quality, metadata = {}, xmp } = options;
  checkImage(image);
  checkAlpha(image, alpha);
  checkQuality(quality, format);
  let pipeline = alpha === undefined ? fromImage(image) : fromImage(image, alpha);
  const { density, dates = {} } = metadata;
  if (Object.keys(dates).length > 0) pipeline = pipeline.withExif(exifOf(dates));
  if (density !== undefined) pipeline = pipeline.withDensity(density);
  if (xmp !== undefined) pipeline = pipeline.withXmp(xmp);
  try {
    return await encoded(pipeline, format, quality ?? defaultQuality).toBuffer();
  } catch (thrown) {
    throw new PaletteError(
      `A picture of ${image.width}x${image.height} cannot be written as ${format} (${reasonOf(thrown)}); use PNG.`,
      { cause: thrown },
    );
  }
}

function encoded(pipeline: Sharp, format: ImageFormat, quality: number): Sharp {
  switch (format) {
    case "png":
      return pipeline.png();
    case "jpeg":
      return pipeline
        .flatten({ background: "white" })
        .jpeg({ quality, chromaSubsampling: "4:4:4" });
    case "webp":
      return pipeline.webp({ quality });
    case "avif":
      return pipeline.avif({ quality, chromaSubsampling: "4:4:4" });
  }
}

/**
 * The format that a file name asks for.
 * @throws PaletteError for an ending other than .png, .jpg (.jpeg, .jpe, .jfif), .webp and .avif.
 */
export function formatOf(path: string): ImageFormat {
  const format = formats[extname(path).toLowerCase()];
  if (format === undefined) {
    throw new PaletteError(`Cannot write ${path}: name it .png, .jpg, .webp or .avif.`);
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
 * @throws PaletteError when the name's ending is unknown or the file cannot be written, UsageError
 * for an impossible quality.
 */
export async function writeImage(
  path: string,
  image: Image,
  options: WriteOptions = {},
): Promise<void> {
  if (typeof path !== "string" || path === "") {
    throw new UsageError(
      `An image is written to a path that ends in .png, .jpg, .webp or .avif, not to ${shown(path)}.`,
    );
  }
  await writeAtomically(path, await encodeImage(image, formatOf(path), options));
}

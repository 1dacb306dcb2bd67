/**
 * From a file of any common format to 8-bit sRGB. EXIF orientation, ink colours, 16 bits, one
 * channel, transparency and foreign colour profiles become plain RGB here. No other file knows of
 * them.
 */
import { readFile } from "node:fs/promises";
import type { SharpOptions } from "sharp";
import type { PhotoReadOptions } from "../data/photo-reader.ts";
import type { DecodedImage, DecodeOptions } from "../image/codec.ts";
import { fromBytes, type Image, maximalPixels, type RgbBytes } from "../image/image.ts";
import { type JpegQuality, jpegQuality } from "../image/jpeg-quality.ts";
import { resizeBytes } from "../image/resize.ts";
import { PaletteError, ReadError, reasonOf } from "../util/errors.ts";
import { sharp, toRaw } from "./sharp.ts";

export interface ReadOptions extends PhotoReadOptions {
  /** What lies behind transparent pixels; white unless given. */
  readonly background?: "white" | "black";
}

/**
 * Larger images are shrunk by libvips while they are decoded, to save memory. The result then
 * differs in its last bits from that of a browser.
 */
const mostDecodedPixels = 64e6;

const strict = { failOn: "error", limitInputPixels: maximalPixels } satisfies SharpOptions;

/**
 * Reads a JPEG, PNG, WebP, TIFF, GIF or AVIF file, or its bytes (the first frame, upright), as sRGB
 * in [-1, 1].
 * @throws PaletteError naming the file when it is empty, truncated, not an image or has more than
 * 268 megapixels; ReadError, which is one, when it is missing, cannot be read or memory does not
 * suffice.
 */
export async function readImage(input: string | Uint8Array): Promise<Image> {
  const { rgb, width, height } = await readBytes(input);
  return fromBytes(rgb, width, height);
}

/** As `readImage`, but the bytes themselves, which need a quarter of the memory. */
export async function readBytes(
  input: string | Uint8Array,
  options: ReadOptions = {},
): Promise<RgbBytes> {
  if (typeof input !== "string") return decodeBytes(input, unnamed, options);
  return decodeBytes(await readWhole(input), input, options);
}

/** See `ImageCodec.decode`. */
export async function decodeImage(
  file: Uint8Array,
  { background = "white" }: DecodeOptions = {},
): Promise<DecodedImage> {
  if (background !== "none") return decodeBytes(file, unnamed, { background });
  checkNotEmpty(file, unnamed);
  try {
    const colours = await toRaw(sharp(file, strict).autoOrient().removeAlpha());
    const { hasAlpha } = await sharp(file, strict).metadata();
    return { ...colours, ...(hasAlpha && (await alphaOf(file))) };
  } catch (thrown) {
    throw undecodable(unnamed, thrown);
  }
}

/** A person's photo with what is not colour. */
export interface Photo {
  /** The colours, also those of transparent pixels. */
  readonly image: Image;
  /** Opacity, 0 to 255, [height, width]; undefined where everything is opaque. */
  readonly alpha?: Uint8Array;
  /** Of a JPEG file. */
  readonly jpeg?: JpegQuality;
  /** The conversions that its owner may want to know of, in lines. */
  readonly notes: readonly string[];
}

/**
 * As `readImage`, but with the opacity apart instead of a white background, and with notes of what
 * had to be converted: EXIF orientation is applied, foreign colour profiles become sRGB, deeper
 * colours are rounded to 8 bits, the first image of an animation is taken.
 * @throws PaletteError as `readImage`.
 */
export async function readPhoto(path: string): Promise<Photo> {
  const file = await readWhole(path);
  checkNotEmpty(file, path);
  try {
    const { hasAlpha, orientation, icc, space, depth, pages } = await sharp(
      file,
      strict,
    ).metadata();
    const colours = await toRaw(sharp(file, strict).autoOrient().removeAlpha());
    const notes: string[] = [];
    if (orientation !== undefined && orientation > 1) notes.push("it was turned upright (EXIF)");
    if (foreign(icc)) notes.push("its colour profile was converted to sRGB");
    else if (space === "cmyk") notes.push("its ink colours were converted to sRGB");
    if (depth !== "uchar") notes.push("its colours were rounded to 8 bits");
    if (pages !== undefined && pages > 1)
      notes.push(`only the first of its ${pages} pictures is used`);
    const jpeg = jpegQuality(file);
    return {
      image: fromBytes(colours.rgb, colours.width, colours.height),
      ...(hasAlpha && (await alphaOf(file))),
      ...(jpeg && { jpeg }),
      notes,
    };
  } catch (thrown) {
    throw undecodable(path, thrown);
  }
}

const unnamed = "The image data";

async function decodeBytes(
  file: Uint8Array,
  name: string,
  { shortSide, background = "white" }: ReadOptions,
): Promise<RgbBytes> {
  checkNotEmpty(file, name);
  try {
    let pipeline = sharp(file, strict).autoOrient().flatten({ background });
    if (shortSide === undefined) return await toRaw(pipeline);
    const { width, height } = await sharp(file, strict).metadata();
    if (width * height > mostDecodedPixels) {
      pipeline = pipeline.resize(shortSide, shortSide, {
        fit: "outside",
        withoutEnlargement: true,
        fastShrinkOnLoad: false,
      });
    }
    return shrunk(await toRaw(pipeline), shortSide);
  } catch (thrown) {
    throw undecodable(name, thrown);
  }
}

/** Shrinks until the short side has this many pixels. */
function shrunk(photo: RgbBytes, shortSide: number): RgbBytes {
  const scale = shortSide / Math.min(photo.width, photo.height);
  if (scale >= 1) return photo;
  return resizeBytes(photo, Math.round(photo.width * scale), Math.round(photo.height * scale));
}

/** The opacity, unless everything is opaque. */
async function alphaOf(file: Uint8Array): Promise<{ alpha?: Uint8Array }> {
  const pipeline = sharp(file, strict).autoOrient().extractChannel("alpha");
  const alpha = await pipeline.raw({ depth: "uchar" }).toBuffer();
  return alpha.some((value) => value < 255) ? { alpha } : {};
}

/** Whether a colour profile is another one than sRGB, which says so in its description. */
function foreign(icc: Buffer | undefined): boolean {
  if (icc === undefined) return false;
  const text = icc.toString("latin1").replaceAll("\0", "");
  return !/sRGB/i.test(text);
}

function checkNotEmpty(file: Uint8Array, name: string): void {
  if (file.length === 0) throw new PaletteError(`${name} is empty; give an image file.`);
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? "";
    const reasons: Record<string, string> = {
      ENOENT: "does not exist; check the path.",
      EISDIR: "is a folder; name an image file.",
      EACCES: "may not be read; check its permissions.",
    };
    throw new ReadError(`${path} ${reasons[code] ?? `cannot be read: ${reasonOf(thrown)}.`}`, {
      cause: thrown,
    });
  }
}

function undecodable(name: string, thrown: unknown): PaletteError {
  const reason = reasonOf(thrown);
  const cause = { cause: thrown };
  // A shortage of memory is not the file's fault: the photo must not count as broken.
  if (/out of memory|insufficient memory|cannot allocate|bad_alloc/i.test(reason))
    return new ReadError(`${name} cannot be decoded for want of memory (${reason}).`, cause);
  return new PaletteError(`${name} ${explain(reason)}`, cause);
}

function explain(reason: string): string {
  if (/unsupported image format/i.test(reason)) {
    return "is not an image that can be read; use JPEG, PNG, WebP, TIFF, GIF or AVIF.";
  }
  if (/pixel limit/i.test(reason)) {
    return "is too big: at most 268 megapixels can be read; make it smaller first.";
  }
  return `is broken and cannot be decoded (${reason}).`;
}

/**
 * From a file of any common format to 8-bit sRGB. What people have is not tidy: EXIF orientation, ink
 * colours, 16 bits, one channel, transparency and foreign colour profiles are all brought to plain
 * RGB here, so that nothing else has to know about them.
 */
import { readFile } from "node:fs/promises";
import type { SharpOptions } from "sharp";
import { fromBytes, type Image, maximalPixels, type RgbBytes } from "../image/image.ts";
import { type JpegQuality, jpegQuality } from "../image/jpeg-quality.ts";
import { resizeBytes } from "../image/resize.ts";
import { PaletteError, ReadError, reasonOf } from "../util/errors.ts";
import { sharp, toRaw } from "./sharp.ts";

export interface DecodeOptions {
  /** Shrinks (never grows) the picture until its short side has this many pixels. */
  shortSide?: number;
  /** What lies behind transparent pixels; white unless given. */
  background?: "white" | "black";
}

/**
 * Reads a JPEG, PNG, WebP, TIFF, GIF or AVIF file, or its bytes (the first frame, upright), as sRGB
 * in [-1, 1].
 * @throws PaletteError naming the file when it is empty, truncated, not an image or has more than 268
 * megapixels; ReadError, which is one, when it is missing, cannot be read or memory does not suffice.
 */
export async function readImage(input: string | Uint8Array): Promise<Image> {
  const { rgb, width, height } = await readBytes(input);
  return fromBytes(rgb, width, height);
}

/** A person's picture with what is not colour. */
export interface Photo {
  /** The colours, also those of transparent pixels. */
  readonly image: Image;
  /** Opacity, 0 to 255, [height, width]; undefined where everything is opaque. */
  readonly alpha?: Uint8Array;
  /** Of a JPEG file. */
  readonly jpeg?: JpegQuality;
  /** What was done to it that its owner may want to know, in lines. */
  readonly notes: readonly string[];
}

/**
 * As `readImage`, with the transparency apart instead of a white background, and told what had to be
 * converted: EXIF orientation is applied, foreign colour profiles are brought to sRGB, deeper colours
 * are rounded to 8 bits, of an animation the first picture is taken.
 * @throws PaletteError as `readImage`.
 */
export async function readPhoto(path: string): Promise<Photo> {
  const file = await readWhole(path);
  // Whatever is wrong with the file is said by the same code as elsewhere.
  if (file.length === 0) return { image: await readImage(path), notes: [] };
  try {
    const options = { failOn: "error", limitInputPixels: maximalPixels } as const;
    const { hasAlpha, orientation, icc, space, depth, pages } = await sharp(
      file,
      options,
    ).metadata();
    const colours = await toRaw(sharp(file, options).autoOrient().removeAlpha());
    const notes: string[] = [];
    if (orientation !== undefined && orientation > 1) notes.push("it was turned upright (EXIF)");
    if (foreign(icc)) notes.push("its colour profile was converted to sRGB");
    else if (space === "cmyk") notes.push("its ink colours were converted to sRGB");
    if (depth !== "uchar") notes.push("its colours were rounded to 8 bits");
    if (pages !== undefined && pages > 1)
      notes.push(`only the first of its ${pages} pictures is used`);
    const alpha = hasAlpha ? await alphaOf(file, options) : undefined;
    const jpeg = jpegQuality(file);
    return {
      image: fromBytes(colours.rgb, colours.width, colours.height),
      ...(alpha?.some((value) => value < 255) && { alpha }),
      ...(jpeg && { jpeg }),
      notes,
    };
  } catch (thrown) {
    throw undecodable(path, thrown);
  }
}

async function alphaOf(file: Uint8Array, options: SharpOptions): Promise<Uint8Array> {
  const pipeline = sharp(file, options).autoOrient().extractChannel("alpha");
  return pipeline.raw({ depth: "uchar" }).toBuffer();
}

/** Whether a colour profile is another one than sRGB, which says so in its description. */
function foreign(icc: Buffer | undefined): boolean {
  if (icc === undefined) return false;
  const text = icc.toString("latin1").replaceAll("\0", "");
  return !/sRGB/i.test(text);
}

/**
 * Larger pictures are shrunk by libvips while they are decoded, to save memory. The result then
 * differs in its last bits from that of a browser.
 */
const mostDecodedPixels = 64e6;

/** Shrinks until the short side has this many pixels. */
function shrink(photo: RgbBytes, shortSide: number): RgbBytes {
  const scale = shortSide / Math.min(photo.width, photo.height);
  if (scale >= 1) return photo;
  return resizeBytes(photo, Math.round(photo.width * scale), Math.round(photo.height * scale));
}

/** As `readImage`, but the bytes themselves, which need a quarter of the memory. */
export async function readBytes(
  input: string | Uint8Array,
  { shortSide, background = "white" }: DecodeOptions = {},
): Promise<RgbBytes> {
  const name = typeof input === "string" ? input : "The image data";
  const file = typeof input === "string" ? await readWhole(input) : input;
  if (file.length === 0) throw new PaletteError(`${name} is empty; give an image file.`);
  try {
    let pipeline = sharp(file, { failOn: "error", limitInputPixels: maximalPixels })
      .autoOrient()
      .flatten({ background });
    if (shortSide === undefined) return await toRaw(pipeline);
    const { width, height } = await sharp(file, { limitInputPixels: maximalPixels }).metadata();
    if (width * height > mostDecodedPixels) {
      pipeline = pipeline.resize(shortSide, shortSide, {
        fit: "outside",
        withoutEnlargement: true,
        fastShrinkOnLoad: false,
      });
    }
    return shrink(await toRaw(pipeline), shortSide);
  } catch (thrown) {
    throw undecodable(name, thrown);
  }
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
  // The machine's shortage, not the file's fault: a photo must not count as broken for it.
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

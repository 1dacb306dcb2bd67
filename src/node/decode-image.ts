/**
 * From a file of any common format to 8-bit sRGB. EXIF orientation, ink colours, 16 bits, one
 * channel, transparency and foreign colour profiles become plain RGB here. No other file knows of
 * them.
 */
import { fileURLToPath } from "node:url";
import type { Metadata, Sharp, SharpOptions } from "sharp";
import type { PhotoReadOptions } from "../data/photo-reader.ts";
import type { DecodedImage, DecodeOptions } from "../image/codec.ts";
import { fromBytes, type Image, maximalPixels, type RgbBytes } from "../image/image.ts";
import { type JpegQuality, jpegQuality } from "../image/jpeg-quality.ts";
import { shrinkBytes } from "../image/resize.ts";
import { PaletteError, ReadError, reasonOf, UsageError } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import { shown } from "../util/shown.ts";
import { unreadableFormat } from "./file-format.ts";
import { type ImageMetadata, metadataOf } from "./image-metadata.ts";
import { readToEnd } from "./regular-file.ts";
import { rescaled, type SampleRange } from "./sample-range.ts";
import { sharp, toRaw } from "./sharp.ts";
import { readInTar } from "./tar-index.ts";

/**
 * An image file: its path, which may lead into a tar (`shards/000.tar/photo.jpg`), a `file:` URL,
 * or its bytes.
 */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | Blob;

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
 * @throws UsageError when the input is neither; PaletteError naming the file when it is empty,
 * truncated, not an image or has more than 268 megapixels; ReadError, which is one, when it is
 * missing, cannot be read or memory does not suffice.
 */
export async function readImage(input: ImageInput): Promise<Image> {
  const { rgb, width, height } = await readBytes(input);
  return fromBytes(rgb, width, height);
}

/** As `readImage`, but the bytes themselves, which need a quarter of the memory. */
export async function readBytes(input: ImageInput, options: ReadOptions = {}): Promise<RgbBytes> {
  const { file, name } = await fileOf(input);
  return decodeBytes(file, name, options);
}

/** As `readImage`, but 8-bit values, with the opacity apart. */
export async function readPixels(input: ImageInput): Promise<DecodedImage> {
  const { file, name } = await fileOf(input);
  return decodeApart(file, name);
}

/** See `ImageCodec.decode`. */
export async function decodeImage(
  file: Uint8Array,
  { background = "white" }: DecodeOptions = {},
): Promise<DecodedImage> {
  if (background !== "none") return decodeBytes(file, unnamed, { background });
  return decodeApart(file, unnamed);
}

/** A person's photo with what is not colour. */
export interface Photo {
  /** The colours, also those of transparent pixels. */
  readonly image: Image;
  /** Opacity, 0 to 255, [height, width]; undefined where everything is opaque. */
  readonly alpha?: Uint8Array;
  /** Of a JPEG file. */
  readonly jpeg?: JpegQuality;
  /** As EXIF says (2 to 8) where the stored pixels do not stand upright; `image` does. */
  readonly orientation?: number;
  /** The conversions that its owner may want to know of, in lines. */
  readonly notes: readonly string[];
  /** For `writeImage`, which then keeps it. */
  readonly metadata: ImageMetadata;
}

/**
 * As `readImage`, but with the opacity apart instead of a white background, and with notes of what
 * had to be converted: EXIF orientation is applied, foreign colour profiles become sRGB, deeper
 * colours are rounded to 8 bits, the first image of an animation is taken.
 * @param path the name of bytes in messages
 * @throws PaletteError as `readImage`.
 */
export async function readPhoto(input: ImageInput, path?: string): Promise<Photo> {
  const { file, name } = await fileOf(input);
  return decoding(file, path ?? name, async () => {
    const { pipeline, metadata, range } = await open(file);
    const { orientation = 1, icc, space, depth, pages } = metadata;
    const colours = await toRaw(pipeline().removeAlpha());
    const notes: string[] = [];
    if (orientation > 1) notes.push("it was turned upright (EXIF)");
    if (range !== undefined) notes.push(`its values were taken for ${range.name}`);
    else if (foreign(icc)) notes.push("its colour profile was converted to sRGB");
    else if (space === "cmyk") notes.push("its ink colours were converted to sRGB");
    else if (isLab(space)) notes.push("its Lab colours were converted to sRGB");
    if (depth !== "uchar") notes.push("its colours were rounded to 8 bits");
    if (pages !== undefined && pages > 1)
      notes.push(`only the first of its ${quantity(pages, "picture")} is used`);
    const jpeg = jpegQuality(file);
    return {
      image: fromBytes(colours.rgb, colours.width, colours.height),
      ...(metadata.hasAlpha && (await alphaOf(pipeline()))),
      ...(jpeg && { jpeg }),
      ...(orientation > 1 && { orientation }),
      notes,
      metadata: metadataOf(metadata),
    };
  });
}

const unnamed = "The image data";

/** As `readBytes` of a file that was read already; `name` is its name in messages. */
export async function decodeBytes(
  file: Uint8Array,
  name: string,
  { shortSide, background = "white" }: ReadOptions,
): Promise<RgbBytes> {
  return decoding(file, name, async () => {
    const { pipeline: opened, metadata } = await open(file);
    let pipeline = opened().flatten({ background });
    if (shortSide === undefined) return toRaw(pipeline);
    if (metadata.width * metadata.height > mostDecodedPixels) {
      pipeline = pipeline.resize(shortSide, shortSide, {
        fit: "outside",
        withoutEnlargement: true,
        fastShrinkOnLoad: false,
      });
    }
    return shrinkBytes(await toRaw(pipeline), shortSide);
  });
}

/** The colours, also those of transparent pixels, and the opacity. */
function decodeApart(file: Uint8Array, name: string): Promise<DecodedImage> {
  return decoding(file, name, async () => {
    const { pipeline, metadata } = await open(file);
    const colours = await toRaw(pipeline().removeAlpha());
    return { ...colours, ...(metadata.hasAlpha && (await alphaOf(pipeline()))) };
  });
}

/** A file's pipelines, upright, each to be used once. */
interface Opened {
  pipeline(): Sharp;
  readonly metadata: Metadata;
  /** Where the values do not fill the range of their type. */
  readonly range?: SampleRange;
}

async function open(file: Uint8Array): Promise<Opened> {
  const pipeline = () => sharp(file, strict).autoOrient();
  const metadata = await sharp(file, strict).metadata();
  const found = await rescaled(pipeline(), metadata);
  if (found === undefined) return { pipeline, metadata };
  const { data, range, ...raw } = found;
  return { pipeline: () => sharp(data, { ...strict, raw }), metadata, range };
}

/** Does the work; @throws PaletteError naming the file when it is empty or cannot be decoded. */
async function decoding<T>(file: Uint8Array, name: string, work: () => Promise<T>): Promise<T> {
  if (file.length === 0) throw new PaletteError(`${name} is empty; give an image file.`);
  try {
    return await work();
  } catch (thrown) {
    throw undecodable(file, name, thrown);
  }
}

/** The opacity, unless everything is opaque. */
async function alphaOf(pipeline: Sharp): Promise<{ alpha?: Uint8Array }> {
  const alpha = await pipeline.extractChannel("alpha").raw({ depth: "uchar" }).toBuffer();
  return alpha.some((value) => value < 255) ? { alpha } : {};
}

function isLab(space: string | undefined): boolean {
  return space === "lab" || space === "labs" || space === "labq";
}

/** Whether a colour profile is another one than sRGB, which says so in its description. */
function foreign(icc: Buffer | undefined): boolean {
  if (icc === undefined) return false;
  const text = icc.toString("latin1").replaceAll("\0", "");
  return !/sRGB/i.test(text);
}

/** The bytes of a file, and what it is called in an error message. */
async function fileOf(input: ImageInput): Promise<{ file: Uint8Array; name: string }> {
  if (input instanceof Uint8Array) return { file: input, name: unnamed };
  if (input instanceof ArrayBuffer) return { file: new Uint8Array(input), name: unnamed };
  if (input instanceof Blob) {
    return { file: new Uint8Array(await input.arrayBuffer()), name: nameOf(input) };
  }
  const path = pathOf(input);
  return { file: await readWhole(path), name: path };
}

function nameOf(blob: Blob): string {
  return "name" in blob && typeof blob.name === "string" && blob.name !== "" ? blob.name : unnamed;
}

function pathOf(input: unknown): string {
  if (input instanceof URL) {
    if (input.protocol === "file:") return fileURLToPath(input);
    throw new UsageError(`${input.href} is not a file; fetch it and give its bytes.`);
  }
  if (typeof input === "string" && input !== "") return input;
  throw new UsageError(
    `An image is a path, a file URL, a Blob or a file's bytes, not ${shown(input)}.`,
  );
}

/**
 * All of a file, or of one in a tar.
 * @throws ReadError naming it when it is missing or cannot be read.
 */
export async function readWhole(path: string): Promise<Uint8Array> {
  const inTar = await readInTar(path);
  if (inTar !== undefined) return inTar;
  try {
    return await readToEnd(path);
  } catch (thrown) {
    if (/^https?:\/\//i.test(path)) {
      throw new ReadError(`${path} is an address; download the picture and name the file.`);
    }
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

function undecodable(file: Uint8Array, name: string, thrown: unknown): PaletteError {
  const reason = reasonOf(thrown);
  const cause = { cause: thrown };
  // A shortage of memory is not the file's fault: the photo must not count as broken.
  if (/out of memory|insufficient memory|cannot allocate|bad_alloc/i.test(reason))
    return new ReadError(`${name} cannot be decoded for want of memory (${reason}).`, cause);
  return new PaletteError(`${name} ${explain(file, reason)}`, cause);
}

function explain(file: Uint8Array, reason: string): string {
  if (/pixel limit/i.test(reason)) {
    return "is too big: at most 268 megapixels can be read; make it smaller first.";
  }
  if (/bad labq format/i.test(reason)) {
    return "is a Lab TIFF of 8 bits, which cannot be read; save it as sRGB, or with 16 bits.";
  }
  const format = unreadableFormat(file);
  if (format !== undefined) return `is ${format}`;
  if (/unsupported image format/i.test(reason)) {
    return "is not an image that can be read; use JPEG, PNG, WebP, TIFF, GIF or AVIF.";
  }
  return `is broken and cannot be decoded (${reason}).`;
}

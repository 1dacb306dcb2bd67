/**
 * From a file of any common format to 8-bit sRGB. What people have is not tidy: EXIF orientation, ink
 * colours, 16 bits, one channel, transparency and foreign colour profiles are all brought to plain
 * RGB here, so that nothing else has to know about them.
 */
import { readFile } from "node:fs/promises";
import { PaletteError, reasonOf } from "../errors.ts";
import { fromBytes, type Image } from "./image.ts";
import { maximalPixels, type RgbBytes, sharp, toRaw } from "./sharp.ts";

export interface DecodeOptions {
  /** Shrinks (never grows) the picture while decoding until its short side has this many pixels. */
  shortSide?: number;
  /** What lies behind transparent pixels; white unless given. */
  background?: "white" | "black";
}

/**
 * Reads a JPEG, PNG, WebP, TIFF, GIF or AVIF file, or its bytes (the first frame, upright), as sRGB
 * in [-1, 1].
 * @throws PaletteError naming the file when it is missing, empty, truncated, not an image or has
 * more than 268 megapixels.
 */
export async function readImage(input: string | Uint8Array): Promise<Image> {
  const { rgb, width, height } = await readBytes(input);
  return fromBytes(rgb, width, height);
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
    if (shortSide !== undefined) {
      pipeline = pipeline.resize(shortSide, shortSide, {
        fit: "outside",
        withoutEnlargement: true,
        fastShrinkOnLoad: false,
      });
    }
    return await toRaw(pipeline);
  } catch (thrown) {
    throw new PaletteError(`${name} ${explain(reasonOf(thrown))}`, { cause: thrown });
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? "";
    // The machine's shortage, not the file's fault: a photo must not count as broken for it.
    if (["EMFILE", "ENFILE", "ENOMEM"].includes(code)) throw thrown;
    const reasons: Record<string, string> = {
      ENOENT: "does not exist; check the path.",
      EISDIR: "is a folder; name an image file.",
      EACCES: "may not be read; check its permissions.",
    };
    throw new PaletteError(`${path} ${reasons[code] ?? `cannot be read: ${reasonOf(thrown)}.`}`, {
      cause: thrown,
    });
  }
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

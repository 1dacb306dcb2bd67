/**
 * What images need of the platform: files of pixels in, files of pixels out, and letters. Node
 * answers with libvips (node/codec.ts), a browser with a canvas.
 */
import { PaletteError, UsageError } from "../util/errors.ts";
import type { Image, RgbBytes } from "./image.ts";

/** Formats that images are written in. */
export type ImageFormat = "png" | "jpeg" | "webp" | "avif";

export interface DecodeOptions {
  /**
   * What lies behind transparent pixels; white unless given. With "none" the colours stay and the
   * opacity comes as `alpha`.
   */
  readonly background?: "white" | "black" | "none";
}

/** Interleaved 8-bit sRGB, upright. */
export interface DecodedImage extends RgbBytes {
  /** Opacity, 0 to 255, [height, width]; undefined where everything is opaque. */
  readonly alpha?: Uint8Array;
}

export interface EncodeOptions {
  /** Opacity, 0 to 255, [height, width]; JPEG, which has none, shows white behind. */
  readonly alpha?: Uint8Array;
  /** Of JPEG, WebP and AVIF, a whole number from 1 to 100; PNG has none. */
  readonly quality?: number;
}

export interface ImageCodec {
  /**
   * The pixels of a file's bytes.
   * @throws PaletteError when they are not an image, or are broken or too large.
   */
  decode(file: Uint8Array, options?: DecodeOptions): Promise<DecodedImage>;
  /**
   * The image as a file's bytes, rounded to 8 bits.
   * @throws PaletteError when the format cannot hold an image of this size, UsageError for an
   * impossible quality.
   */
  encode(image: Image, format: ImageFormat, options?: EncodeOptions): Promise<Uint8Array>;
  /**
   * The image after it was saved as a JPEG of this quality and read again: standard tables, chroma
   * at half resolution (4:2:0).
   * @param quality an integer from 1 to 100, on the scale of libjpeg
   * @throws PaletteError for any other quality.
   */
  jpegRoundTrip(image: Image, quality: number): Promise<Image>;
}

/** A line of text on an image; (left, top) is the corner of its box. */
export interface PlacedText {
  readonly text: string;
  readonly left: number;
  readonly top: number;
}

export interface TextRasterizer {
  /** A copy of the image with dark letters of `fontSize` pixels on it, without serifs. */
  drawText(image: Image, texts: readonly PlacedText[], fontSize: number): Promise<Image>;
}

/** @throws UsageError for a quality that is no whole number from 1 to 100, or is given for PNG. */
export function checkQuality(quality: number | undefined, format: ImageFormat): void {
  if (quality === undefined) return;
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new UsageError(`The quality is a whole number from 1 to 100, not ${quality}.`);
  }
  if (format === "png") {
    throw new UsageError("PNG keeps every pixel: a quality is for JPEG, WebP and AVIF.");
  }
}

/** @throws PaletteError unless it is an integer from 1 to 100. */
export function checkJpegQuality(quality: number): void {
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new PaletteError(`JPEG quality is a whole number from 1 to 100, not ${quality}.`);
  }
}

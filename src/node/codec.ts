/** The platform's side of images in Node. */
import type { PhotoReader } from "../data/photo-reader.ts";
import type { ImageCodec, TextRasterizer } from "../image/codec.ts";
import { decodeImage, readBytes } from "./decode-image.ts";
import { drawText } from "./draw-text.ts";
import { encodeImage } from "./encode-image.ts";
import { jpegRoundTrip } from "./jpeg.ts";

/** Decodes, encodes and writes letters with libvips. */
export const nodeCodec: ImageCodec & TextRasterizer = {
  decode: decodeImage,
  encode: encodeImage,
  jpegRoundTrip,
  drawText,
};

/** Reads photos from the file system. */
export const photoFiles: PhotoReader = { read: readBytes };

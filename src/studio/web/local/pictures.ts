/** Pictures in and out of the worker, by the browser's canvas. */
import type { Image } from "../../../image/image.ts";
import { fromBytes } from "../../../image/image.ts";
import { jpegQuality } from "../../../image/jpeg-quality.ts";
import type { Size } from "../../../image/model-size.ts";
import { maskForPhoto, type ReadMask } from "../../../image/photo-mask.ts";
import { resize } from "../../../image/resize.ts";
import { giveBack } from "../../../util/give-back.ts";
import { omitUndefined } from "../../../util/omit-undefined.ts";
import { canvasCodec } from "../../../web/canvas-codec.ts";
import { exifOf, exifOrientation } from "../../../web/exif.ts";
import { previewForm } from "../../restoring/previews.ts";
import type { SourcePhoto } from "../../restoring/restore-photo.ts";

export interface LocalPhoto extends SourcePhoto {
  /** The EXIF block of the file. */
  readonly exif?: Uint8Array;
  /** As it says; the pixels are upright. */
  readonly orientation: number;
}

/**
 * The photo as the browser decodes it: upright, sRGB, 8 bits, the first picture of several.
 * @throws PaletteError when the browser cannot.
 */
export async function readPhoto(blob: Blob): Promise<LocalPhoto> {
  const file = new Uint8Array(await blob.arrayBuffer());
  const [jpeg, exif] = [jpegQuality(file), exifOf(file)];
  const orientation = exif === undefined ? 1 : exifOrientation(exif);
  const { rgb, width, height, alpha } = await canvasCodec.decode(file, { background: "none" });
  const image = fromBytes(rgb, width, height);
  giveBack(rgb);
  return {
    image,
    notes: orientation > 1 ? ["it was turned upright (EXIF)"] : [],
    orientation,
    ...omitUndefined({ alpha, jpeg, exif }),
  };
}

export async function readMask(blob: Blob, photo: Size, orientation: number): Promise<ReadMask> {
  const file = new Uint8Array(await blob.arrayBuffer());
  const pixels = await canvasCodec.decode(file, { background: "none" });
  const mask = maskForPhoto(pixels, photo, { orientation });
  giveBack(pixels.rgb);
  return mask;
}

export async function pngOf(image: Image, alpha: Uint8Array | undefined): Promise<Blob> {
  const png = await canvasCodec.encode(image, "png", omitUndefined({ alpha }));
  return new Blob([png as Uint8Array<ArrayBuffer>], { type: "image/png" });
}

export async function smallJpeg(image: Image): Promise<Blob> {
  const { mostPixels, quality } = previewForm;
  const scale = mostPixels / Math.max(image.width, image.height);
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const small = scale < 1 ? resize(image, side(image.width), side(image.height)) : image;
  const jpeg = await canvasCodec.encode(small, "jpeg", { quality });
  return new Blob([jpeg as Uint8Array<ArrayBuffer>], { type: "image/jpeg" });
}

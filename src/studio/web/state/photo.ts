/** A photo on the page: its pixels for drawing, and its file for the next request. */
import { signal } from "@preact/signals";
import type { Size } from "../../../image/model-size.ts";
import { exifOf, withExif } from "../../../web/exif.ts";
import type { RestoredImage, Restorer } from "../restorer.ts";

export interface Photo extends Size {
  /** At most `previewSide` pixels a side; of a smaller photo all pixels. */
  readonly preview: ImageBitmap;
  /** Address of a small picture. */
  readonly thumbnail: string;
  /** What is shown, all pixels of it. */
  readonly source: Blob;
  /** The file without loss. */
  file(): Promise<Blob>;
  /** Of an answer. */
  readonly restored?: RestoredImage;
}

const previewSide = 2048;
const thumbnailSide = 192;
/** Larger answers are shown from a JPEG; their lossless file is fetched when it is needed. */
const mostPixelsAsPng = 6_000_000;
/** Photos of which all pixels are held at a time: 24 megapixels are 96 MB. */
const heldPhotos = 3;

/** @throws when neither the browser nor the restorer can read the format */
export async function photoOf(file: Blob, restorer: Restorer): Promise<Photo> {
  const { bitmap, source } = await decoded(file, restorer);
  return { ...(await pixelsOf(bitmap, source)), file: async () => file };
}

/** A photo's pixels, and the file that the browser reads them from. */
export async function decoded(
  file: Blob,
  restorer: Restorer,
): Promise<{ bitmap: ImageBitmap; source: Blob }> {
  try {
    return { bitmap: await createImageBitmap(file), source: file };
  } catch (error) {
    if (restorer.decode === undefined) throw error;
    const source = await restorer.decode(file);
    return { bitmap: await createImageBitmap(source), source };
  }
}

export async function photoOfAnswer(restored: RestoredImage): Promise<Photo> {
  const lossless = restored.width * restored.height <= mostPixelsAsPng;
  const shown = await restored.save(
    lossless ? { format: "png" } : { format: "jpeg", quality: 93, metadata: false },
  );
  let png = lossless ? Promise.resolve(shown) : undefined;
  return {
    ...(await pixelsOf(await createImageBitmap(shown), shown)),
    restored,
    file() {
      png ??= restored.save({ format: "png" });
      return png;
    },
  };
}

/** A smaller copy of a picture's file, as PNG with its EXIF data. */
export async function shrunk(file: Blob, { width, height }: Size): Promise<Blob> {
  const bitmap = await createImageBitmap(file, {
    resizeWidth: width,
    resizeHeight: height,
    resizeQuality: "high",
  });
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
  bitmap.close();
  const png = await canvas.convertToBlob({ type: "image/png" });
  const exif = exifOf(new Uint8Array(await file.arrayBuffer()));
  return exif === undefined ? png : withExif(png, exif, { width, height });
}

async function pixelsOf(bitmap: ImageBitmap, source: Blob): Promise<Omit<Photo, "file">> {
  const { width, height } = bitmap;
  const preview = await smaller(bitmap, previewSide);
  if (preview !== bitmap) bitmap.close();
  const small = await smaller(preview, thumbnailSide);
  const canvas = new OffscreenCanvas(small.width, small.height);
  canvas.getContext("2d")!.drawImage(small, 0, 0);
  const thumbnail = URL.createObjectURL(await canvas.convertToBlob({ type: "image/webp" }));
  return { width, height, source, preview, thumbnail };
}

async function smaller(bitmap: ImageBitmap, side: number): Promise<ImageBitmap> {
  const scale = side / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) return bitmap;
  return createImageBitmap(bitmap, {
    resizeWidth: Math.max(1, Math.round(bitmap.width * scale)),
    resizeHeight: Math.max(1, Math.round(bitmap.height * scale)),
    resizeQuality: "high",
  });
}

/** All pixels of large photos, of the few that were looked at closely last. */
const held = new Map<Photo, ImageBitmap | "coming">();

/** Counts the photos whose pixels have come: who draws reads it. */
export const pixelsCame = signal(0);

/**
 * What to draw of a photo that is shown `width` device pixels wide: its smaller copy while that has
 * enough of them, and until the rest has been decoded.
 */
export function bitmapFor(photo: Photo, width: number): ImageBitmap {
  const { preview } = photo;
  if (width <= preview.width * 1.2 || preview.width === photo.width) return preview;
  const found = held.get(photo);
  if (found === "coming") return preview;
  // The last one looked at is the last one dropped.
  held.delete(photo);
  held.set(photo, found ?? "coming");
  if (found !== undefined) return found;
  void createImageBitmap(photo.source).then(
    (bitmap) => {
      held.set(photo, bitmap);
      for (const [other, pixels] of held) {
        if (held.size <= heldPhotos) break;
        if (pixels !== "coming") pixels.close();
        held.delete(other);
      }
      pixelsCame.value++;
    },
    () => held.delete(photo),
  );
  return preview;
}

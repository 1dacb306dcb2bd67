/** A photo on the page: its pixels for drawing, and its file for the next request. */
import type { Size } from "../../../image/model-size.ts";
import type { RestoredImage } from "../restorer.ts";

export interface Photo extends Size {
  /** All pixels. */
  readonly bitmap: ImageBitmap;
  /** At most `previewSide` pixels a side: drawn while a screen pixel covers several of the photo's. */
  readonly preview: ImageBitmap;
  /** Address of a small picture. */
  readonly thumbnail: string;
  /** The file without loss. */
  file(): Promise<Blob>;
  /** Of an answer. */
  readonly restored?: RestoredImage;
}

const previewSide = 2048;
const thumbnailSide = 192;
/** Larger answers are shown from a JPEG; their lossless file is fetched when it is needed. */
const mostPixelsAsPng = 6_000_000;

/** @throws when the browser cannot read the format */
export async function photoOf(file: Blob): Promise<Photo> {
  return { ...(await pixelsOf(file)), file: async () => file };
}

export async function photoOfAnswer(restored: RestoredImage): Promise<Photo> {
  const lossless = restored.width * restored.height <= mostPixelsAsPng;
  const shown = await restored.save(
    lossless ? { format: "png" } : { format: "jpeg", quality: 93, metadata: false },
  );
  let png = lossless ? Promise.resolve(shown) : undefined;
  return {
    ...(await pixelsOf(shown)),
    restored,
    file() {
      png ??= restored.save({ format: "png" });
      return png;
    },
  };
}

async function pixelsOf(file: Blob): Promise<Omit<Photo, "file">> {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  const preview = await smaller(bitmap, previewSide);
  const small = await smaller(preview, thumbnailSide);
  const canvas = new OffscreenCanvas(small.width, small.height);
  canvas.getContext("2d")!.drawImage(small, 0, 0);
  const thumbnail = URL.createObjectURL(await canvas.convertToBlob({ type: "image/webp" }));
  return { width, height, bitmap, preview, thumbnail };
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

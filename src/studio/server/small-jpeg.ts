/** An estimate as a small JPEG. */
import type { Image } from "../../image/image.ts";
import { fromImage } from "../../node/sharp.ts";
import { previewForm } from "../restoring/previews.ts";

export function smallJpeg(image: Image): Promise<Uint8Array> {
  const { mostPixels, quality } = previewForm;
  return fromImage(image)
    .resize(mostPixels, mostPixels, { fit: "inside", withoutEnlargement: true })
    .jpeg({ quality })
    .toBuffer();
}

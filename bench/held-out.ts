/** Held-out photos for the benches. */
import { splitHoldOut } from "../src/data/hold-out.ts";
import { crop, type Image } from "../src/image/image.ts";
import type { Size } from "../src/image/model-size.ts";
import { scanPhotos } from "../src/node/photo-folders.ts";

/** Paths of so many held-out photos (every:7:1) of a folder, spread over all of them. */
export async function heldOutPaths(folder: string, count: number): Promise<string[]> {
  const { heldOut } = splitHoldOut([await scanPhotos([folder])], "every:7:1");
  const wanted = Math.min(heldOut.length, count);
  return Array.from(
    { length: wanted },
    (_, k) => heldOut[Math.floor((k * heldOut.length) / wanted)]!,
  );
}

/** The middle of a photo that is at least so large. */
export function middleOf(photo: Image, { width, height }: Size): Image {
  const [left, top] = [(photo.width - width) >> 1, (photo.height - height) >> 1];
  return crop(photo, { left, top, width, height });
}

/** A job by the library under Node: files in, files out. */
import { readPhoto } from "../../node/decode-image.ts";
import { encodeImage } from "../../node/encode-image.ts";
import type { Palette } from "../../node/palette.ts";
import { readMask } from "../../node/read-mask.ts";
import { sharp } from "../../node/sharp.ts";
import type { SamplingOptions } from "../../pipeline/sampling-options.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { restorePhoto } from "../restoring/restore-photo.ts";
import type { Answer, PhotoMetadata, RestoredWork, RestoreWork } from "./executor.ts";

/**
 * Carries out the work.
 * @throws PaletteError for what is the request's fault, the signal's reason when aborted.
 */
export async function restoreJob(
  palette: Palette,
  { task, image: file, mask, options }: RestoreWork,
  listeners: Pick<SamplingOptions, "onStep" | "onTiles" | "signal">,
): Promise<RestoredWork> {
  const photo = await readPhoto(file, "The photo");
  const { width, height } = photo.image;
  const fitting = omitUndefined({ orientation: photo.orientation });
  const { images, alpha, notes } = await restorePhoto(
    palette,
    { task, photo, options, ...(mask && { mask: () => readMask(mask, width, height, fitting) }) },
    listeners,
  );
  const answers: Answer[] = [];
  for await (const image of images) {
    listeners.signal?.throwIfAborted();
    const png = await encodeImage(image, "png", { alpha });
    answers.push({ png, width: image.width, height: image.height });
  }
  return { answers, notes, metadata: await metadataOf(file) };
}

async function metadataOf(file: Uint8Array): Promise<PhotoMetadata> {
  const { exif, icc } = await sharp(file).metadata();
  return { ...(exif && { exif }), profile: icc !== undefined };
}

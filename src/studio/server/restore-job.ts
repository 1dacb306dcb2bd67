/** A job by the library: how the options of a request become those of `Palette`. */
import { overWhite } from "../../image/image.ts";
import type { Size } from "../../image/model-size.ts";
import { type Photo, readPhoto } from "../../node/decode-image.ts";
import { encodeImage } from "../../node/encode-image.ts";
import type { Palette } from "../../node/palette.ts";
import { readMask } from "../../node/read-mask.ts";
import { sharp } from "../../node/sharp.ts";
import { panorama } from "../../pipeline/panorama.ts";
import { type SamplingOptions, samplingDefaults } from "../../pipeline/sampling-options.ts";
import { type TaskName, taskNamed } from "../../tasks/registry.ts";
import { UsageError } from "../../util/errors.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import type { StudioOptions, StudioTask } from "../web/restorer.ts";
import type { Answer, PhotoMetadata, RestoredWork, RestoreWork } from "./executor.ts";

/** The library's names of the tasks. */
const taskNames: Readonly<Record<Exclude<StudioTask, "panorama">, TaskName>> = {
  colorize: "colorize",
  inpaint: "inpaint",
  uncrop: "uncrop",
  dejpeg: "dejpeg",
  upscale: "sharpen",
};

const defaultWiden = 3;
const defaultScale = 2;

/** The tasks of a model, as the API names them. */
export function studioTasksOf(trainedFor: readonly string[]): StudioTask[] {
  const named = Object.entries(taskNames) as [StudioTask, TaskName][];
  const tasks = named.filter(([, name]) => trainedFor.includes(name)).map(([task]) => task);
  return tasks.includes("uncrop") ? [...tasks, "panorama"] : tasks;
}

/** Network calls an answer unless the request says otherwise. */
export function defaultSteps(): number {
  return samplingDefaults.steps;
}

/** The size of the answers to a photo, at most; without the pixels of either. */
export function largestAnswer(task: StudioTask, photo: Size, options: StudioOptions): Size {
  const { width, height } = photo;
  if (task === "panorama") {
    return { width: Math.ceil(width * (options.widen ?? defaultWiden)), height };
  }
  return taskNamed(taskNames[task]).resultSize?.(photo, ownOptions(task, options)) ?? photo;
}

/** The options that only this task has. */
function ownOptions(task: StudioTask, { margins, scale = defaultScale }: StudioOptions): object {
  if (task === "uncrop") return margins === undefined ? { side: "all" } : { margins };
  return task === "upscale" ? { scale } : {};
}

/**
 * Carries out the work.
 * @throws PaletteError for what is the request's fault, the signal's reason when aborted.
 */
export async function restoreJob(
  palette: Palette,
  work: RestoreWork,
  listeners: Pick<SamplingOptions, "onStep" | "onTiles" | "signal">,
): Promise<RestoredWork> {
  const { task, options } = work;
  const { samples, steps, seed } = options;
  const photo = await readPhoto(work.image, "The photo");
  const notes = photo.notes.map((note) => `${note[0]!.toUpperCase()}${note.slice(1)}.`);
  const remark = task === "panorama" ? undefined : taskNamed(taskNames[task]).remark?.(photo);
  if (remark !== undefined) notes.push(`The photo ${remark}`);
  const sampling = {
    ...omitUndefined({ samples, steps, seed, sampler: options.sampler }),
    ...listeners,
  };
  const { images, alpha } = await restored(palette, work, photo, sampling, notes);
  const answers: Answer[] = [];
  for (const image of images) {
    listeners.signal?.throwIfAborted();
    const png = await encodeImage(image, "png", { alpha });
    answers.push({ png, width: image.width, height: image.height });
  }
  return { answers, notes, metadata: await metadataOf(work.image) };
}

async function restored(
  palette: Palette,
  { task, mask: maskFile, options }: RestoreWork,
  { image, alpha, orientation }: Photo,
  sampling: SamplingOptions,
  notes: string[],
) {
  if (task === "panorama") {
    if (alpha !== undefined) notes.push("What is transparent in the photo was made white.");
    const opaque = alpha === undefined ? image : overWhite(image, alpha);
    const windows = halfWindows(image, palette.resolution, options.widen ?? defaultWiden);
    return { images: await panorama(palette, opaque, { ...sampling, ...windows }) };
  }
  const chosen = taskNamed(taskNames[task]);
  const own: Record<string, unknown> = { ...ownOptions(task, options) };
  if (task === "inpaint") {
    if (maskFile === undefined) {
      throw new UsageError("inpaint needs a mask: a picture that is white where it is filled.");
    }
    const { mask, resized } = await readMask(maskFile, image.width, image.height, {
      orientation,
    });
    if (resized) notes.push(`The mask was brought to the ${image.width}x${image.height} pixels.`);
    own.mask = mask;
  }
  const images = await palette.restore(chosen, image, { ...sampling, ...own });
  return { images, alpha: alpha && (chosen.resultAlpha?.(alpha, image, own) ?? alpha) };
}

/** Half windows at each side that come nearest to the width asked for. */
function halfWindows({ width, height }: Size, resolution: number, widen: number) {
  const scaled = Math.max(resolution, (width * resolution) / height);
  const half = resolution - Math.ceil(resolution / 2);
  const count = Math.max(1, Math.round(((widen - 1) * scaled) / half));
  return { left: Math.floor(count / 2), right: Math.ceil(count / 2) };
}

async function metadataOf(file: Uint8Array): Promise<PhotoMetadata> {
  const { exif, icc } = await sharp(file).metadata();
  return { ...(exif && { exif }), profile: icc !== undefined };
}

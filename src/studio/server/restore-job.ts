/** A job by the library: how the options of a request become those of `Palette`. */
import { overWhite } from "../../image/image.ts";
import type { Size } from "../../image/model-size.ts";
import type { ModelConfig } from "../../models/config.ts";
import { type Photo, readPhoto } from "../../node/decode-image.ts";
import { encodeImage } from "../../node/encode-image.ts";
import type { Palette } from "../../node/palette.ts";
import { readMask } from "../../node/read-mask.ts";
import { sharp } from "../../node/sharp.ts";
import { panorama, panoramaSize } from "../../pipeline/panorama.ts";
import { type SamplingOptions, samplingDefaults } from "../../pipeline/sampling-options.ts";
import { type TaskName, taskNamed } from "../../tasks/registry.ts";
import { UsageError } from "../../util/errors.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import type { StudioModel, StudioOptions, StudioTask } from "../web/restorer.ts";
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

/** Network calls an answer by a model's own sampler, by task. */
export function stepsByTask({ sampling }: Pick<ModelConfig, "sampling">): StudioModel["steps"] {
  const steps = (name: TaskName) => sampling?.steps?.[name] ?? samplingDefaults.steps;
  const named = Object.entries(taskNames).map(([task, name]) => [task, steps(name)]);
  return { ...Object.fromEntries(named), panorama: steps("uncrop") };
}

/** Network calls that an answer of this model will take; a first estimate for its progress. */
export function expectedSteps(task: StudioTask, options: StudioOptions, model: StudioModel) {
  const { faithful, steps, sampler } = options;
  if (faithful) return 1;
  return steps ?? (sampler === undefined ? model.steps[task] : samplingDefaults.steps);
}

/** The size of the answers to a photo by a model of this resolution. */
export function answerSize(
  task: StudioTask,
  photo: Size,
  options: StudioOptions,
  resolution: number,
): Size {
  if (task === "panorama") {
    return panoramaSize(photo, resolution, halfWindows(photo, resolution, options.widen));
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
  const { samples, steps, seed, sampler, force, faithful } = work.options;
  const photo = await readPhoto(work.image, "The photo");
  const notes = photo.notes.map((note) => `${note[0]!.toUpperCase()}${note.slice(1)}.`);
  const sampling = {
    // The mean is one answer, and is not sampled.
    ...(faithful ? { mean: true } : omitUndefined({ samples, steps, sampler })),
    ...omitUndefined({ seed, force }),
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
  photo: Photo,
  sampling: SamplingOptions,
  notes: string[],
) {
  const { image, alpha, orientation } = photo;
  if (task === "panorama") {
    if (alpha !== undefined) notes.push("What is transparent in the photo was made white.");
    const opaque = alpha === undefined ? image : overWhite(image, alpha);
    const windows = halfWindows(image, palette.resolution, options.widen);
    return { images: await panorama(palette, opaque, { ...sampling, ...windows }) };
  }
  const chosen = taskNamed(taskNames[task]);
  const own: Record<string, unknown> = {
    ...ownOptions(task, options),
    ...chosen.fileOptions?.(photo),
  };
  const left = sampling.force ? undefined : palette.leavesAsIs(chosen, own);
  if (left !== undefined) {
    notes.push(`The photo ${left}.`);
    return { images: Array.from({ length: sampling.samples ?? 1 }, () => image), alpha };
  }
  const remark = chosen.remark?.(photo);
  if (remark !== undefined) notes.push(`The photo ${remark}`);
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
function halfWindows({ width, height }: Size, resolution: number, widen = defaultWiden) {
  const scaled = (width * resolution) / Math.min(width, height);
  const half = resolution - Math.ceil(resolution / 2);
  const count = Math.max(1, Math.round(((widen - 1) * scaled) / half));
  return { left: Math.floor(count / 2), right: Math.ceil(count / 2) };
}

async function metadataOf(file: Uint8Array): Promise<PhotoMetadata> {
  const { exif, icc } = await sharp(file).metadata();
  return { ...(exif && { exif }), profile: icc !== undefined };
}

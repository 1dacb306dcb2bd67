/** A request by the library: how its options become those of `Palette`, on any platform. */
import { type Image, overWhite } from "../../image/image.ts";
import type { JpegQuality } from "../../image/jpeg-quality.ts";
import type { ReadMask } from "../../image/photo-mask.ts";
import type { Palette } from "../../pipeline/palette.ts";
import { panorama } from "../../pipeline/panorama.ts";
import type { SamplingOptions } from "../../pipeline/sampling-options.ts";
import { taskNamed } from "../../tasks/registry.ts";
import { UsageError } from "../../util/errors.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import type { StudioOptions, StudioTask } from "../web/restorer.ts";
import { halfWindows, ownOptions, taskNames } from "./tasks.ts";

/** A photo as its file was read. */
export interface SourcePhoto {
  /** The colours, also those of transparent pixels. */
  readonly image: Image;
  /** Opacity, 0 to 255, [height, width]; undefined where everything is opaque. */
  readonly alpha?: Uint8Array;
  /** Of a JPEG file. */
  readonly jpeg?: JpegQuality;
  /** What was converted, in lines. */
  readonly notes: readonly string[];
}

export interface PhotoWork {
  readonly task: StudioTask;
  readonly photo: SourcePhoto;
  /** inpaint: brings the mask to the photo's size. */
  readonly mask?: () => Promise<ReadMask>;
  readonly options: StudioOptions;
}

export interface RestoredPhoto {
  /** The answers, each made when it is asked for. */
  readonly images: AsyncIterable<Image>;
  /** Of every answer. */
  readonly alpha?: Uint8Array | undefined;
  /** Lines for whoever asked. */
  readonly notes: readonly string[];
}

/** @throws UsageError for what cannot be asked for; PaletteError and the signal's reason later. */
export async function restorePhoto(
  palette: Palette,
  { task, photo, mask: maskOf, options }: PhotoWork,
  listeners: Pick<SamplingOptions, "onStep" | "onTiles" | "signal">,
): Promise<RestoredPhoto> {
  const { samples, steps, seed, sampler, force, mean, sharpen } = options;
  const { image, alpha } = photo;
  const notes = photo.notes.map((note) => `${note[0]!.toUpperCase()}${note.slice(1)}.`);
  const sampling: SamplingOptions = {
    // The mean is one answer, and is not sampled.
    ...(mean ? { mean: true } : omitUndefined({ samples, steps, sampler })),
    ...omitUndefined({ seed, force, sharpen }),
    ...listeners,
  };
  if (task === "panorama") {
    if (alpha !== undefined) notes.push("What is transparent in the photo was made white.");
    const opaque = alpha === undefined ? image : overWhite(image, alpha);
    const windows = halfWindows(image, palette.resolution, options.widen);
    return { images: panoramas(palette, opaque, { ...sampling, ...windows }), notes };
  }
  const chosen = taskNamed(taskNames[task]);
  const own: Record<string, unknown> = {
    ...ownOptions(task, options),
    ...chosen.fileOptions?.(photo),
  };
  const left = force ? undefined : palette.leavesAsIs(chosen, own);
  if (left !== undefined) {
    notes.push(`The photo ${left}.`);
    return { images: copies(image, sampling.samples ?? 1), alpha, notes };
  }
  const remark = chosen.remark?.(photo);
  if (remark !== undefined) notes.push(`The photo ${remark}`);
  if (task === "inpaint") {
    if (maskOf === undefined) {
      throw new UsageError("inpaint needs a mask: a picture that is white where it is filled.");
    }
    const { mask, resized } = await maskOf();
    if (resized) notes.push(`The mask was brought to the ${image.width}x${image.height} pixels.`);
    own.mask = mask;
  }
  return {
    images: palette.answers(chosen, image, { ...sampling, ...own }),
    alpha: alpha && (chosen.resultAlpha?.(alpha, image, own) ?? alpha),
    notes,
  };
}

async function* panoramas(...call: Parameters<typeof panorama>): AsyncGenerator<Image> {
  yield* await panorama(...call);
}

async function* copies(image: Image, count: number): AsyncGenerator<Image> {
  for (let k = 0; k < count; k++) yield image;
}

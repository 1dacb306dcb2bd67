/** `palette colorize | inpaint | uncrop | dejpeg | upscale`: a command for each task. */
import type { Image, Mask } from "../image/image.ts";
import { linear, resample } from "../image/resample.ts";
import type { Photo } from "../node/decode-image.ts";
import { readMask } from "../node/read-mask.ts";
import { randomMask } from "../tasks/inpaint.ts";
import type { TaskName } from "../tasks/registry.ts";
import { enlarged } from "../tasks/sharpen.ts";
import type { Side } from "../tasks/task.ts";
import { grown } from "../tasks/uncrop.ts";
import { Random } from "../util/random.ts";
import type { RestoreTaskFlags } from "./commands/restore.ts";
import { log } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { type Answers, restoreFiles } from "./restore-files.ts";

/** Restores photos by a task; `command` is what the task is called on the command line. */
export function restore(
  task: TaskName,
  command: string,
  names: readonly string[],
  flags: RestoreTaskFlags,
): Promise<void> {
  return interruptible((signal) => restoreAll(task, command, names, flags, signal));
}

function restoreAll(
  task: TaskName,
  command: string,
  names: readonly string[],
  flags: RestoreTaskFlags,
  signal: AbortSignal,
): Promise<void> {
  const { mask: maskFile, side, ratio, scale } = flags;
  return restoreFiles(names, {
    task: command,
    flags,
    settings: { side, ratio, scale, mask: maskFile },
    ...(maskFile !== undefined && { alsoRead: [maskFile] }),
    signal,
    async restore(palette, photo, options, { path, index }): Promise<Answers> {
      if (task === "dejpeg") log(compressionOf(path, photo));
      const { image } = photo;
      const mask =
        maskFile === undefined
          ? undefined
          : maskFile === "random"
            ? randomMaskFor(image, options.seed ?? 0, index)
            : await maskFor(image, path, maskFile);
      const images = await palette.restore(task, image, { ...options, mask, side, ratio, scale });
      if (mask !== undefined) return { images, alpha: filledAlpha(photo, mask) };
      if (scale !== undefined) return { images, alpha: enlargedAlpha(photo, scale) };
      return { images, alpha: side === undefined ? photo.alpha : grownAlpha(photo, side, ratio) };
    },
    ...(scale !== undefined && {
      sizeOf: ({ image }: Photo) => enlarged(image.width, image.height, scale),
    }),
    ...(side && {
      sizeOf: ({ image }: Photo) => grown(image.width, image.height, side, ratio),
    }),
  });
}

function compressionOf(path: string, { jpeg }: Photo): string {
  if (jpeg === undefined)
    return `${path} is no JPEG file; what traces it has are removed as they are.`;
  const { quality, exact } = jpeg;
  return `${path} was saved at JPEG quality ${exact ? quality : `about ${quality}`}.`;
}

/** What is filled is opaque. */
function filledAlpha({ alpha }: Photo, mask: Mask): Uint8Array | undefined {
  return alpha?.map((value, i) => (mask.data[i] === 1 ? 255 : value));
}

/** Smooth, as the colours are. */
function enlargedAlpha({ image, alpha }: Photo, scale: number): Uint8Array | undefined {
  if (alpha === undefined) return undefined;
  const { width, height } = enlarged(image.width, image.height, scale);
  const plane = {
    ...image,
    data: Float32Array.from({ length: 3 * alpha.length }, (_, i) => alpha[i % alpha.length]!),
  };
  const { data } = resample(plane, width, height, linear);
  return Uint8Array.from(data.subarray(0, width * height), Math.round);
}

/** What is grown is opaque. */
function grownAlpha({ image, alpha }: Photo, side: Side, ratio?: number): Uint8Array | undefined {
  if (alpha === undefined) return undefined;
  const { width, height, photo } = grown(image.width, image.height, side, ratio);
  const out = new Uint8Array(width * height).fill(255);
  for (let y = 0; y < photo.height; y++) {
    const row = alpha.subarray(y * photo.width, (y + 1) * photo.width);
    out.set(row, (photo.top + y) * width + photo.left);
  }
  return out;
}

/** A hole as in training, another one for each photo. */
function randomMaskFor({ width, height }: Image, seed: number, photo: number): Mask {
  return randomMask(width, height, Random.from(seed, "mask", photo)).mask;
}

/** The mask at the photo's size. */
async function maskFor(photo: Image, path: string, file: string): Promise<Mask> {
  const { mask, resized } = await readMask(file, photo.width, photo.height);
  if (resized) log(`${file} was brought to the ${photo.width}x${photo.height} pixels of ${path}.`);
  return mask;
}

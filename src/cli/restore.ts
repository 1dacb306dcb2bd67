/** `palette colorize | inpaint | uncrop | dejpeg`: a command for each task. */
import { type Command, Option } from "commander";
import type { Photo } from "../images/decode.ts";
import type { Image, Mask } from "../images/image.ts";
import { readMask } from "../images/mask.ts";
import { Random } from "../random.ts";
import { randomMask } from "../tasks/inpaint.ts";
import { type TaskName, tasks } from "../tasks/registry.ts";
import type { Side } from "../tasks/task.ts";
import { defaultRatio, grown, sides } from "../tasks/uncrop.ts";
import { numberBetween } from "./arguments.ts";
import { complain } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import {
  type Answers,
  answerOptions,
  photoArguments,
  type RestoreFlags,
  restoreFiles,
} from "./restore-files.ts";

interface Flags extends RestoreFlags {
  readonly mask?: string;
  readonly side?: Side;
  readonly ratio?: number;
}

export function restoreCommands(program: Command): void {
  for (const { name, description } of tasks) {
    const command = photoArguments(program.command(name).description(description));
    if (name === "inpaint") {
      command.requiredOption(
        "--mask <file>",
        "image whose white pixels are to be filled, or `random` for one as in training",
      );
    }
    if (name === "uncrop") {
      command
        .addOption(
          new Option("--side <name>", "where the photo is continued").choices(sides).default("all"),
        )
        .option(
          "--ratio <share>",
          "by how much of its width or height the photo grows",
          numberBetween(0, 3),
          defaultRatio,
        );
    }
    answerOptions(command).action((names: string[], flags: Flags) =>
      interruptible((signal) => restore(name, names, flags, signal)),
    );
  }
}

function restore(
  task: TaskName,
  names: readonly string[],
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const { mask: maskFile, side, ratio } = flags;
  return restoreFiles(names, {
    task,
    flags,
    settings: { side, ratio, mask: maskFile },
    ...(maskFile !== undefined && { alsoRead: [maskFile] }),
    signal,
    async restore(palette, photo, options, { path, index }): Promise<Answers> {
      if (task === "dejpeg") complain(compressionOf(path, photo));
      const { image } = photo;
      const mask =
        maskFile === undefined
          ? undefined
          : maskFile === "random"
            ? randomMaskFor(image, options.seed ?? 0, index)
            : await maskFor(image, path, maskFile);
      const images = await palette.restore(task, image, { ...options, mask, side, ratio });
      if (mask !== undefined) return { images, alpha: filledAlpha(photo, mask) };
      return { images, alpha: side === undefined ? photo.alpha : grownAlpha(photo, side, ratio) };
    },
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
  if (resized)
    complain(`${file} was brought to the ${photo.width}x${photo.height} pixels of ${path}.`);
  return mask;
}

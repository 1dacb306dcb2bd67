/** `palette colorize | inpaint | uncrop | dejpeg | upscale`: a command for each task. */
import type { Mask } from "../image/image.ts";
import type { Size } from "../image/model-size.ts";
import { readMask } from "../node/read-mask.ts";
import type { Task } from "../tasks/task.ts";
import { Random } from "../util/random.ts";
import type { TaskFlags } from "./commands/restore.ts";
import type { RestoreFlags } from "./commands/restore-options.ts";
import { log } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { type Answers, restoreFiles } from "./restore-files.ts";

/** Restores photos by a task; `command` is what the task is called on the command line. */
export function restore(
  task: Task,
  command: string,
  names: readonly string[],
  flags: RestoreFlags & TaskFlags,
): Promise<void> {
  return interruptible((signal) => restoreAll(task, command, names, flags, signal));
}

function restoreAll(
  task: Task,
  command: string,
  names: readonly string[],
  flags: RestoreFlags & TaskFlags,
  signal: AbortSignal,
): Promise<void> {
  const options = task.cliOptions ?? [];
  const settings = Object.fromEntries(options.map(({ name }) => [name, flags[name]]));
  const maskFiles = options
    .filter(({ kind }) => kind === "mask")
    .flatMap(({ name }) => (flags[name] === undefined ? [] : [String(flags[name])]));
  return restoreFiles(names, {
    task: command,
    flags,
    settings,
    alsoRead: maskFiles,
    signal,
    async restore(palette, photo, sampling, { path, index }): Promise<Answers> {
      const remark = task.remark?.(photo);
      if (remark !== undefined) log(`${path} ${remark}`);
      const masks = await masksOf(task, flags, photo.image, path, index, sampling.seed ?? 0);
      const own = { ...settings, ...masks };
      const images = await palette.restore(task, photo.image, { ...sampling, ...own });
      const { alpha, image } = photo;
      return { images, alpha: alpha && (task.resultAlpha?.(alpha, image, own) ?? alpha) };
    },
    sizeOf: ({ image }) => task.resultSize?.(image, settings) ?? image,
  });
}

/** The task's masks at the photo's size: read from a file, or random, another for each photo. */
async function masksOf(
  { cliOptions = [] }: Task,
  flags: TaskFlags,
  { width, height }: Size,
  path: string,
  index: number,
  seed: number,
): Promise<Record<string, Mask>> {
  const masks: Record<string, Mask> = {};
  for (const option of cliOptions) {
    const file = flags[option.name];
    if (option.kind !== "mask" || file === undefined) continue;
    if (file === "random") {
      masks[option.name] = option.random(width, height, Random.from(seed, "mask", index));
      continue;
    }
    const { mask, resized } = await readMask(String(file), width, height);
    if (resized) log(`${file} was brought to the ${width}x${height} pixels of ${path}.`);
    masks[option.name] = mask;
  }
  return masks;
}

/** `palette colorize | inpaint | uncrop | dejpeg | upscale`: a command for each task. */
import type { Task } from "../tasks/task.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type { TaskFlags } from "./commands/restore.ts";
import type { RestoreFlags } from "./commands/restore-options.ts";
import { log } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { MaskArguments } from "./masks.ts";
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

async function restoreAll(
  task: Task,
  command: string,
  names: readonly string[],
  flags: RestoreFlags & TaskFlags,
  signal: AbortSignal,
): Promise<void> {
  const options = task.cliOptions ?? [];
  const given = options.filter(({ name }) => flags[name] !== undefined);
  // Commander refuses two that conflict, but for a default.
  const overruled = given.flatMap(({ conflicts = [] }) => conflicts);
  const own = given.filter(({ name }) => !overruled.includes(name));
  const settings = Object.fromEntries(own.map(({ name }) => [name, flags[name]]));
  const masks: MaskArguments[] = [];
  for (const option of options) {
    if (option.kind === "mask") masks.push(await MaskArguments.of(option, flags));
  }
  const { invert } = flags;
  const from = masks.map(({ option }) => `${option.name}From`);
  const reading = omitUndefined({
    ...Object.fromEntries(from.map((name) => [name, flags[name]])),
    invert,
  });
  return restoreFiles(names, {
    task: command,
    sampledTask: task.name,
    flags,
    settings: { ...settings, ...reading },
    alsoRead: masks.flatMap(({ files }) => files),
    readWith: (photo) => masks.flatMap((given) => given.filesOf(photo)),
    keepsPixels: task.keepsPixels,
    signal,
    async restore(palette, photo, sampling, { path, index }): Promise<Answers> {
      const file = task.fileOptions?.(photo);
      const left = flags.force ? undefined : palette.leavesAsIs(task, { ...settings, ...file });
      if (left !== undefined) {
        log(`${path} ${left} (--force restores it all the same).`);
        const images = Array.from({ length: flags.samples }, () => photo.image);
        return { images, alpha: photo.alpha, unchanged: true };
      }
      const remark = task.remark?.(photo);
      if (remark !== undefined) log(`${path} ${remark}`);
      const chosen: Record<string, unknown> = { ...settings, ...file };
      for (const given of masks) {
        const { seed = 0 } = sampling;
        chosen[given.option.name] = await given.maskFor({ photo, path, index, seed });
      }
      const images = await palette.restore(task, photo.image, { ...sampling, ...chosen });
      const { alpha, image } = photo;
      return { images, alpha: alpha && (task.resultAlpha?.(alpha, image, chosen) ?? alpha) };
    },
    sizeOf: ({ image }) => task.resultSize?.(image, settings) ?? image,
  });
}

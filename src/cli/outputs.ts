/** Which photos a command is given, and under which names its answers are written. */
import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve, sep } from "node:path";
import { type LeftOut, leftOutNotes } from "../data/photo-reader.ts";
import { formatOf } from "../node/encode-image.ts";
import { photoEndings, scanPhotos } from "../node/photo-folders.ts";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import { log } from "./console.ts";

/** A photo to be restored, or why an argument gives none. */
export type Input =
  | { readonly path: string }
  | { readonly path: string; readonly error: PaletteError };

/**
 * Files as they are and folders as all photos in them; a folder without photos is one broken input.
 * Of a folder that holds `out`, what lies there is left out: answers are no photos.
 */
export async function expandInputs(names: readonly string[], out: string): Promise<Input[]> {
  const answers = await realpath(out).catch(() => undefined);
  const inputs: Input[] = [];
  for (const path of names) {
    const entry = await stat(path).catch(() => undefined);
    if (!entry?.isDirectory()) {
      inputs.push({ path });
      continue;
    }
    try {
      const folder = await realpath(path);
      const skipped = answers !== undefined && !isWithin(folder, answers) ? answers : undefined;
      const tell = (one: LeftOut) => leftOutNotes([one]).forEach(log);
      for (const photo of await scanPhotos([path], tell)) {
        if (skipped === undefined || !isWithin(await realpath(photo), skipped)) {
          inputs.push({ path: photo });
        }
      }
    } catch (error) {
      if (!(error instanceof PaletteError)) throw error;
      inputs.push({ path, error });
    }
  }
  return inputs;
}

/** Whether the path is that of the folder, or of something in it; both as by `realpath`. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * Refuses, before anything is computed, what could not be written in the end, and what would replace a
 * file that answers are made from.
 * @param sources the photos and whatever else is read
 * @throws PaletteError naming the file and what to do.
 */
export async function checkOutputs(
  outputs: readonly string[],
  sources: readonly string[],
): Promise<void> {
  const read = new Set<string>();
  for (const source of sources) {
    const found = await stat(source).catch(() => undefined);
    if (found !== undefined) read.add(`${found.dev} ${found.ino}`);
  }
  for (const output of outputs) {
    const found = await stat(output).catch(() => undefined);
    if (found !== undefined && read.has(`${found.dev} ${found.ino}`)) {
      throw new PaletteError(
        `${output} is what is to be restored and would be replaced; name another place with -o.`,
      );
    }
  }
  for (const folder of new Set(outputs.map((output) => dirname(output)))) {
    await checkWritable(folder);
  }
}

/** The folder, or the nearest one above it that exists, must take new files. */
async function checkWritable(folder: string): Promise<void> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    try {
      const entry = await stat(at);
      if (!entry.isDirectory()) throw new Error(`${at} is a file`);
      await access(at, constants.W_OK);
      return;
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if ((code === "ENOENT" || code === "ENOTDIR") && dirname(at) !== at) continue;
      throw new PaletteError(
        `Nothing can be written into ${folder} (${reasonOf(thrown)}); name another place with -o.`,
        { cause: thrown },
      );
    }
  }
}

/**
 * The names of the answers to each input: `<photo>-<task>-<k>.png` in the folder `out`, k from 1, or
 * `out` itself when it ends as an image file. Photos of the same name get different ones.
 * @throws UsageError when one file is named for several answers, PaletteError when `out` cannot be.
 */
export async function nameOutputs(
  inputs: readonly { readonly path: string }[],
  { out, task, samples }: { readonly out: string; readonly task: string; readonly samples: number },
): Promise<string[][]> {
  const entry = await stat(out).catch(() => undefined);
  const isImage = photoEndings.includes(extname(out).toLowerCase());
  if (isImage && !entry?.isDirectory()) {
    formatOf(out);
    const answers = inputs.length * samples;
    if (answers !== 1) {
      throw new UsageError(`${out} is one file for ${answers} answers; name a folder with -o.`);
    }
    return [[out]];
  }
  if (entry !== undefined && !entry.isDirectory()) {
    throw new PaletteError(`${out} is a file, not a folder; name another place with -o.`);
  }
  const taken = new Set<string>();
  return inputs.map(({ path }) => {
    const stem = basename(path, extname(path));
    let name = stem;
    // Without regard to case, as some file systems are.
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${stem}-${n}`;
    taken.add(name.toLowerCase());
    return Array.from({ length: samples }, (_, k) => join(out, `${name}-${task}-${k + 1}.png`));
  });
}

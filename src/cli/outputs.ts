/** Which photos a command is given, and under which names its answers are written. */
import { stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { photoEndings, scanPhotos } from "../data/photos.ts";
import { PaletteError, UsageError } from "../errors.ts";
import { formatOf } from "../images/encode.ts";

/** A photo to be restored, or why an argument gives none. */
export type Input =
  | { readonly path: string }
  | { readonly path: string; readonly error: PaletteError };

/** Files as they are and folders as all photos in them; a folder without photos is one broken input. */
export async function expandInputs(names: readonly string[]): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const path of names) {
    const entry = await stat(path).catch(() => undefined);
    if (!entry?.isDirectory()) {
      inputs.push({ path });
      continue;
    }
    try {
      inputs.push(...(await scanPhotos([path])).map((photo) => ({ path: photo })));
    } catch (error) {
      if (!(error instanceof PaletteError)) throw error;
      inputs.push({ path, error });
    }
  }
  return inputs;
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

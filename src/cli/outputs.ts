/** Under which names, and in which format, the answers are written. */
import { stat } from "node:fs/promises";
import { basename, dirname, extname, join, sep } from "node:path";
import { checkQuality, type ImageFormat } from "../image/codec.ts";
import { formatOf } from "../node/encode-image.ts";
import { unreadableEndings } from "../node/file-format.ts";
import { assertWritable, identity } from "../node/output-rule.ts";
import { photoEndings } from "../node/photo-folders.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import type { OutputFormat } from "./commands/restore-options.ts";
import { type Input, standardStream } from "./inputs.ts";

/** A name that ends so is a picture's, though most of them cannot be written. */
const pictureEndings = [
  ...[...photoEndings, ...unreadableEndings],
  ...[".pdf", ".svg", ".ico", ".tga", ".pbm", ".pgm", ".ppm"],
];

/** A file name may have so many bytes on the usual file systems. */
const longestName = 255;

export interface Naming {
  /** A folder, a file that is named as a picture, or `-`. */
  readonly out: string;
  /** In the names of the answers. */
  readonly task: string;
  readonly samples: number;
  readonly format?: OutputFormat | undefined;
  readonly quality?: number | undefined;
}

export interface Outputs {
  readonly format: ImageFormat;
  /** The files of each input's answers; none for a broken input. `-` is standard output. */
  readonly files: readonly (readonly string[])[];
}

/**
 * The names of the answers to each input: `<photo>-<task>-<k>.png` below the folder `out`, k from
 * 1, where the photo lies below the folder that was given. A name depends on its photo alone. Where
 * two photos differ by their endings only, both keep them: `x.jpg-colorize-1.png`.
 * @throws UsageError when one file is named for several answers, or options do not go together;
 * PaletteError when `out` cannot be, or two photos have one name.
 */
export async function nameOutputs(
  inputs: readonly Input[],
  { out, task, samples, format, quality }: Naming,
): Promise<Outputs> {
  const single = await isSingle(out);
  const answers = inputs.length * samples;
  if (single && answers !== 1) {
    const what = out === standardStream ? "Standard output" : out;
    throw new UsageError(`${what} is one file for ${answers} answers; name a folder with -o.`);
  }
  const chosen = formatOf(`x.${format ?? "png"}`);
  const written = single && out !== standardStream ? formatOf(out) : chosen;
  if (format !== undefined && written !== chosen) {
    throw new UsageError(`-o ${out} is ${written}, but --format says ${format}; say one of them.`);
  }
  if (quality !== undefined && written === "png") {
    throw new UsageError(
      "PNG keeps every pixel: --quality is for JPEG, WebP and AVIF; add --format jpg.",
    );
  }
  checkQuality(quality, written);
  if (single) return { format: written, files: [inputs[0]?.error === undefined ? [out] : []] };
  const stems = inputs.map(({ path, folder }) =>
    join(folder, path === standardStream ? "stdin" : basename(path, extname(path))),
  );
  const photosOf = new Map<string, number>();
  for (const stem of stems) photosOf.set(keyOf(stem), (photosOf.get(keyOf(stem)) ?? 0) + 1);
  const taken = new Map<string, string>();
  const files = inputs.map(({ path, folder, error }, k) => {
    if (error !== undefined) return [];
    const stem = stems[k]!;
    const alone = photosOf.get(keyOf(stem)) === 1;
    const name = alone ? stem : join(folder, basename(path));
    const first = taken.get(keyOf(name));
    if (first !== undefined) {
      throw new PaletteError(
        `${first} and ${path} would have answers of the same name; restore them one by one, with another -o each.`,
      );
    }
    taken.set(keyOf(name), path);
    return Array.from({ length: samples }, (_, sample) =>
      join(out, `${name}-${task}-${sample + 1}.${format ?? "png"}`),
    );
  });
  return { format: written, files };
}

/** Without regard to case and composition, as some file systems are. */
const keyOf = (name: string) => name.normalize("NFC").toLowerCase();

/** Whether `-o` names one file. */
async function isSingle(out: string): Promise<boolean> {
  if (out === standardStream) return true;
  const entry = await stat(out).catch(() => undefined);
  if (entry?.isDirectory() || out.endsWith("/") || out.endsWith(sep)) return false;
  if (pictureEndings.includes(extname(out).toLowerCase())) {
    formatOf(out);
    return true;
  }
  if (entry === undefined) return false;
  throw new PaletteError(`${out} is a file, not a folder; name another place with -o.`);
}

/**
 * Refuses, before anything is computed, what could not be written in the end, and what would
 * replace a file that answers are made from.
 * @param sources the photos and whatever else is read
 * @throws PaletteError naming the file and what to do.
 */
export async function checkOutputs(
  outputs: readonly string[],
  sources: readonly string[],
): Promise<void> {
  const read = new Set(await Promise.all(sources.map(identity)));
  const files = outputs.filter((output) => output !== standardStream);
  for (const output of files) {
    const id = await identity(output);
    if (id !== undefined && read.has(id)) {
      throw new PaletteError(
        `${output} is what is to be restored and would be replaced; name another place with -o.`,
      );
    }
    if (Buffer.byteLength(basename(output)) > longestName) {
      throw new PaletteError(
        `${basename(output)} is too long for a file's name; name a file with -o, or rename the photo.`,
      );
    }
  }
  for (const folder of new Set(files.map((output) => dirname(output)))) {
    await assertWritable(folder, "name another place with -o");
  }
}

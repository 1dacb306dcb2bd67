/** Which photos a command is given: files, folders, patterns, standard input. */
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import picomatch from "picomatch";
import { compareCodeUnits } from "../data/hold-out.ts";
import { type LeftOut, leftOutNotes } from "../data/photo-reader.ts";
import { scanPhotos } from "../node/photo-folders.ts";
import { registeredTasks } from "../tasks/registry.ts";
import { PaletteError } from "../util/errors.ts";
import { log } from "./console.ts";

/** The argument that means standard input, and the output that means standard output. */
export const standardStream = "-";

/** A photo to be restored, or why an argument gives none. */
export interface Input {
  readonly path: string;
  /** Where it lies below the folder that was given; its answers lie there below `-o`. */
  readonly folder: string;
  readonly error?: PaletteError;
}

export interface Inputs {
  /** Each photo once, in the order of the arguments. */
  readonly inputs: readonly Input[];
  /** Pictures that were left out as answers of earlier runs. */
  readonly answers: readonly string[];
}

/**
 * Files as they are, folders as all photos in them, and patterns that no shell expanded as what
 * they match. What gives no photo is one broken input. Answers are no photos: left out is what lies
 * in `out` below a folder, and `x-colorize-1.png` where a photo `x` is among the inputs.
 */
export async function expandInputs(names: readonly string[], out: string): Promise<Inputs> {
  const target = await realpath(out).catch(() => undefined);
  const found: Input[] = [];
  const answers: string[] = [];
  for (const name of (await Promise.all(names.map(expandName))).flat()) {
    if (isAddress(name)) {
      const text = `${name} is an address: download the picture first, or pipe it in: curl -L ${name} | palette ... -`;
      found.push({ path: name, folder: "", error: new PaletteError(text) });
      continue;
    }
    const entry = await stat(name).catch(() => undefined);
    if (!entry?.isDirectory()) {
      found.push({ path: name, folder: "" });
      continue;
    }
    try {
      const folder = await realpath(name);
      const skipped = target !== undefined && !isWithin(folder, target) ? target : undefined;
      const tell = (one: LeftOut) => leftOutNotes([one]).forEach(log);
      for (const path of await scanPhotos([name], tell)) {
        const isAnswer = skipped !== undefined && isWithin(await realpath(path), skipped);
        if (isAnswer) answers.push(path);
        else found.push({ path, folder: relative(name, dirname(path)) });
      }
    } catch (error) {
      if (!(error instanceof PaletteError)) throw error;
      found.push({ path: name, folder: "", error });
    }
  }
  const isAnswer = answersAmong(found.map(({ path }) => path));
  answers.push(...found.map(({ path }) => path).filter(isAnswer));
  return { inputs: await eachOnce(found.filter(({ path }) => !isAnswer(path))), answers };
}

/** A file address as its path, a pattern as what it matches; anything else as it is. */
async function expandName(name: string): Promise<string[]> {
  if (name.startsWith("file://")) return [fileURLToPath(name)];
  if (name === standardStream || isAddress(name)) return [name];
  const exists = await stat(name).catch(() => undefined);
  if (exists !== undefined) return [name];
  const windows = process.platform === "win32";
  const { base, glob, isGlob } = picomatch.scan(windows ? name.replaceAll("\\", "/") : name);
  if (!isGlob) return [name];
  const recursive = glob.includes("/") || glob.includes("**");
  const entries = await readdir(base || ".", { recursive }).catch(() => []);
  const matches = picomatch(glob, { nocase: windows });
  const matching = entries.filter((entry) => matches(entry.replaceAll(sep, "/")));
  return matching.length === 0
    ? [name]
    : matching.sort(compareCodeUnits).map((entry) => join(base, entry));
}

const isAddress = (name: string) => /^[a-z][a-z+.-]+:\/\//i.test(name);

/**
 * Tells answers to photos of the list, by their names alone: `<photo>-<command>-<k>`, whether
 * `photo` is written with its ending or without.
 */
export function answersAmong(paths: readonly string[]): (path: string) => boolean {
  const commands = [...registeredTasks().map(({ name, command }) => command ?? name), "panorama"];
  const pattern = new RegExp(`^(.+)-(?:${commands.join("|")})-\\d+\\.[^.]+$`, "i");
  const names = paths.map((path) => basename(path).toLowerCase());
  const photos = new Set(names.flatMap((name) => [name, name.slice(0, -extname(name).length)]));
  return (path) => {
    const photo = pattern.exec(basename(path).toLowerCase())?.[1];
    return photo !== undefined && photos.has(photo);
  };
}

/** A photo that several arguments give is restored once, where the first of them puts it. */
async function eachOnce(inputs: readonly Input[]): Promise<Input[]> {
  const seen = new Set<string>();
  const unique: Input[] = [];
  for (const input of inputs) {
    const folder = dirname(input.path);
    const place = join(await realpath(folder).catch(() => folder), basename(input.path));
    if (seen.has(place)) continue;
    seen.add(place);
    unique.push(input);
  }
  return unique;
}

/** Whether the path is that of the folder, or of something in it; both as by `realpath`. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

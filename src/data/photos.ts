/** Which photos there are, and which of them are never trained on. */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { PaletteError, reasonOf, UsageError } from "../errors.ts";

/** File name endings that are taken for photos. */
export const photoEndings: readonly string[] = [
  ".jpg",
  ".jpeg",
  ".png",
  ".webp",
  ".tif",
  ".tiff",
  ".gif",
  ".avif",
];

/**
 * All photos in the folders and their subfolders, sorted by file name and then by path, so that the
 * order depends on neither the file system nor the language. Hidden files and folders are skipped; a
 * folder reached twice counts once.
 * @throws PaletteError when a folder is missing, cannot be read or holds no photo.
 */
export async function scanPhotos(folders: readonly string[]): Promise<string[]> {
  if (folders.length === 0) throw new UsageError("Name at least one folder of photos.");
  const visited = new Set<string>();
  const photos: string[] = [];
  for (const folder of folders) {
    if (visited.has(await realpath(folder).catch(() => folder))) continue;
    const found = await scanFolder(folder, visited);
    if (found.length === 0) {
      throw new PaletteError(
        `The folder ${folder} holds no photos (${photoEndings.map((e) => e.slice(1)).join(", ")}).`,
      );
    }
    photos.push(...found);
  }
  return photos.sort((a, b) => compare(basename(a), basename(b)) || compare(a, b));
}

export interface HoldOut {
  readonly train: string[];
  readonly heldOut: string[];
}

/**
 * Parts the sorted list. `every:7:1` holds out each photo whose index, counted from 0, is 1 modulo 7;
 * `none` holds out nothing.
 * @throws UsageError when the rule cannot be read; PaletteError when it leaves nothing to train on.
 */
export function splitHoldOut(photos: readonly string[], rule: string): HoldOut {
  if (rule === "none") return { train: [...photos], heldOut: [] };
  const [, modulus, remainder] = (/^every:(\d+):(\d+)$/.exec(rule) ?? []).map(Number);
  if (modulus === undefined || remainder === undefined || modulus < 2 || remainder >= modulus) {
    throw new UsageError(
      `Cannot read the hold-out rule "${rule}"; write every:N:K with N at least 2 and K below N, such as every:7:1, or none.`,
    );
  }
  const train = photos.filter((_, index) => index % modulus !== remainder);
  const heldOut = photos.filter((_, index) => index % modulus === remainder);
  if (train.length === 0) {
    throw new PaletteError(
      `The hold-out rule ${rule} leaves none of the ${photos.length} photos for training; add photos or use none.`,
    );
  }
  return { train, heldOut };
}

async function scanFolder(folder: string, visited: Set<string>): Promise<string[]> {
  const entries = await list(folder);
  const real = await realpath(folder);
  if (visited.has(real)) return [];
  visited.add(real);
  const photos: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (kind?.isDirectory()) photos.push(...(await scanFolder(path, visited)));
    else if (kind?.isFile() && photoEndings.includes(extname(path).toLowerCase()))
      photos.push(path);
  }
  return photos;
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? "";
    const reasons: Record<string, string> = {
      ENOENT: "does not exist; check the path.",
      ENOTDIR: "is a file; name the folder it is in.",
      EACCES: "may not be read; check its permissions.",
    };
    throw new PaletteError(
      `The folder ${folder} ${reasons[code] ?? `cannot be read: ${reasonOf(thrown)}.`}`,
      { cause: thrown },
    );
  }
}

/** By code units: the same in every language setting. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

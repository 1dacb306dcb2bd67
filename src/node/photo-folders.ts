/** The photos in folders. */
import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join, relative, resolve } from "node:path";
import { byFileName, compareCodeUnits, type NamedPath, sortedBy } from "../data/hold-out.ts";
import { digestedText } from "../data/photo-fingerprint.ts";
import {
  type LeftOut,
  leftOutNotes,
  type PhotoRecord,
  type PhotoSet,
} from "../data/photo-reader.ts";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import { unreadableEndings } from "./file-format.ts";
import { photoFingerprint } from "./fingerprint.ts";
import { madeByPalette } from "./output-rule.ts";

/** File name endings that are taken for photos. */
export const photoEndings: readonly string[] = [
  ".jpg",
  ".jpeg",
  ".jpe",
  ".jfif",
  ".png",
  ".webp",
  ".tif",
  ".tiff",
  ".gif",
  ".avif",
];

/**
 * All photos in the folders and their subfolders, sorted by file name and then by path. The order
 * depends on neither the file system nor the language. Hidden files and folders are skipped. A
 * folder reached twice counts once, by its direct path rather than by a link. Run folders, models
 * and evaluations in them are left out, and told.
 * @throws PaletteError when a folder is missing, cannot be read or holds no photo.
 */
export async function scanPhotos(
  folders: readonly string[],
  onLeftOut: (leftOut: LeftOut) => void = () => {},
): Promise<string[]> {
  const sets = await photosByFolder(folders);
  for (const { leftOut } of sets) leftOut.forEach(onLeftOut);
  return sortedBy(
    sets.flatMap(({ photos }) => photos),
    byNameAndPath,
  );
}

/**
 * The same, each named folder's photos by themselves: a photo belongs to the nearest folder named.
 * The sets are sorted by their digests, so that their order does not depend on where the folders
 * lie.
 * @param options.records whether a part of each file is read, for the photos' fingerprints
 */
export async function scanPhotoSets(
  folders: readonly string[],
  { records = false }: { readonly records?: boolean } = {},
): Promise<PhotoSet[]> {
  const found = await photosByFolder(folders);
  const names = found.map(({ folder }) => basename(resolve(folder)));
  const sets: PhotoSet[] = [];
  for (const [k, set] of found.entries()) {
    const unique = names.indexOf(names[k]!) === names.lastIndexOf(names[k]!);
    const name = unique ? names[k]! : set.folder;
    const digest = await photosDigest(set.photos);
    sets.push({ ...set, name, digest, ...(records && { records: await recordsOf(set) }) });
  }
  return sets.sort((a, b) => compareCodeUnits(a.digest, b.digest));
}

/** A named folder's photos. */
interface FoundPhotos {
  readonly folder: string;
  readonly photos: string[];
  readonly leftOut: LeftOut[];
}

async function photosByFolder(folders: readonly string[]): Promise<FoundPhotos[]> {
  if (folders.length === 0) throw new UsageError("Name at least one folder of photos.");
  const visited = new Set<string>();
  const sets = new Map<string, FoundPhotos>();
  const fruitful = new Set<string>();
  const direct: Visit[] = [...new Set(folders)]
    .sort(compareCodeUnits)
    .map((folder) => ({ folder, root: folder }));
  const linked: Visit[] = [];
  // Links wait until all else is done: whichever way a folder could be reached, its path is the
  // same.
  for (let visit = direct.shift(); visit !== undefined; visit = direct.shift() ?? linked.shift()) {
    const { folder, root } = visit;
    const listed = await list(folder);
    const real = await realpath(folder);
    if (visited.has(real)) {
      fruitful.add(root);
      continue;
    }
    visited.add(real);
    const found = sets.get(root) ?? { folder: root, photos: [], leftOut: [] };
    sets.set(root, found);
    // A folder that is named itself is meant.
    const names = listed.map(({ name }) => name);
    const what = folder === root ? undefined : await madeByPalette(folder, names);
    if (what !== undefined) {
      found.leftOut.push({ path: folder, what });
      continue;
    }
    for (const entry of listed) {
      const path = join(folder, entry.name);
      const link = entry.isSymbolicLink();
      const kind = link ? await stat(path).catch(() => undefined) : entry;
      const ending = extname(path).toLowerCase();
      if (kind?.isFile() && unreadableEndings.includes(ending)) {
        leaveOut(found, path, unreadable);
        continue;
      }
      const isPhoto = kind?.isFile() && photoEndings.includes(ending);
      if ((isPhoto || kind?.isDirectory()) && (await isGarbled(path))) {
        leaveOut(found, path, garbled);
        continue;
      }
      if (kind?.isDirectory()) (link ? linked : direct).push({ folder: path, root });
      if (!isPhoto) continue;
      found.photos.push(path);
      fruitful.add(root);
    }
  }
  const empty = folders.find((folder) => !fruitful.has(folder));
  if (empty !== undefined) {
    const endings = photoEndings.map((ending) => ending.slice(1)).join(", ");
    const [why] = leftOutNotes(sets.get(empty)?.leftOut ?? []);
    throw new PaletteError(
      `The folder ${empty} holds no photos (${endings})${why === undefined ? "" : `; ${why}`}.`,
    );
  }
  const all = [...sets.values()];
  const leftOut = all.flatMap((set) => set.leftOut);
  // A folder may have all its photos in others that are named too: then it is no set.
  return all
    .filter(({ photos }) => photos.length > 0)
    .map(({ folder, photos }, k) => ({
      folder,
      photos: sortedBy(photos, byNameAndPath),
      leftOut: k === 0 ? leftOut : [],
    }));
}

const unreadable = "a picture of a format that cannot be read: convert it to PNG or JPEG first";
const garbled = "a name that is not UTF-8: rename it";

/** Names the first file of a kind and counts the others. */
function leaveOut({ leftOut }: FoundPhotos, path: string, what: string): void {
  const k = leftOut.findIndex((one) => one.what === what);
  const first = leftOut[k];
  if (first === undefined) leftOut.push({ path, what });
  else leftOut[k] = { ...first, others: (first.others ?? 0) + 1 };
}

/** Whether the name cannot be told as text, so that nothing is found under it. */
async function isGarbled(path: string): Promise<boolean> {
  if (!path.includes("\ufffd")) return false;
  return (await stat(path).catch(() => undefined)) === undefined;
}

const byNameAndPath = (a: NamedPath, b: NamedPath) =>
  byFileName(a, b) || compareCodeUnits(a.path, b.path);

/** A folder to look into, and which of the named folders led there. */
interface Visit {
  readonly folder: string;
  readonly root: string;
}

/** Files that are looked at side by side. */
const atOnce = 64;

/**
 * A short digest of which photos there are: their names and sizes, not where they lie. Models and
 * runs are known by it, so it must not change; `PhotoRecord` also sees what the files hold.
 */
export async function photosDigest(photos: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  const sizes = await eachOf(photos, (path) => stat(path).catch(() => undefined));
  const named = photos.map((path, i) => ({ name: basename(path), size: sizes[i]?.size }));
  hash.update(digestedText(named));
  return hash.digest("hex").slice(0, 16);
}

async function recordsOf({ folder, photos }: FoundPhotos): Promise<PhotoRecord[]> {
  const fingerprints = await eachOf(photos, photoFingerprint);
  return photos.map((path, i) => ({
    name: relative(folder, path),
    fingerprint: fingerprints[i]!,
  }));
}

async function eachOf<T>(
  paths: readonly string[],
  work: (path: string) => Promise<T>,
): Promise<T[]> {
  const done: T[] = [];
  for (let first = 0; first < paths.length; first += atOnce) {
    done.push(...(await Promise.all(paths.slice(first, first + atOnce).map(work))));
  }
  return done;
}

/** What is in a folder, without hidden entries, sorted by name. */
async function list(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.name.startsWith("."))
      .sort((a, b) => compareCodeUnits(a.name, b.name));
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

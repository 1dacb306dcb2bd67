/** The photos in folders. */
import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join, relative, resolve } from "node:path";
import { byFileName, compareCodeUnits, type NamedPath, sortedBy } from "../data/hold-out.ts";
import type { LeftOut, PhotoSet } from "../data/photo-reader.ts";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import { madeByPalette } from "./output-rule.ts";

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
 * All photos in the folders and their subfolders, sorted by file name and then by path. The order
 * depends on neither the file system nor the language. Hidden files and folders are skipped. A
 * folder reached twice counts once, by its direct path rather than by a link. Run folders, models and
 * evaluations in them are left out, and told.
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
 */
export async function scanPhotoSets(folders: readonly string[]): Promise<PhotoSet[]> {
  const found = await photosByFolder(folders);
  const names = found.map(({ folder }) => basename(resolve(folder)));
  const sets: PhotoSet[] = [];
  for (const [k, set] of found.entries()) {
    const unique = names.indexOf(names[k]!) === names.lastIndexOf(names[k]!);
    const name = unique ? names[k]! : set.folder;
    const fingerprints = await photoFingerprints(set.photos);
    const records = set.photos.map((path, i) => ({
      name: relative(set.folder, path),
      fingerprint: fingerprints[i]!,
    }));
    sets.push({ ...set, name, digest: digestOf(set.photos, fingerprints), records });
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
      found.leftOut.push({ folder, what });
      continue;
    }
    for (const entry of listed) {
      const path = join(folder, entry.name);
      const link = entry.isSymbolicLink();
      const kind = link ? await stat(path).catch(() => undefined) : entry;
      if (kind?.isDirectory()) (link ? linked : direct).push({ folder: path, root });
      if (!kind?.isFile() || !photoEndings.includes(extname(path).toLowerCase())) continue;
      found.photos.push(path);
      fruitful.add(root);
    }
  }
  const empty = folders.find((folder) => !fruitful.has(folder));
  if (empty !== undefined) {
    const endings = photoEndings.map((ending) => ending.slice(1)).join(", ");
    throw new PaletteError(`The folder ${empty} holds no photos (${endings}).`);
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

const byNameAndPath = (a: NamedPath, b: NamedPath) =>
  byFileName(a, b) || compareCodeUnits(a.path, b.path);

/** A folder to look into, and which of the named folders led there. */
interface Visit {
  readonly folder: string;
  readonly root: string;
}

/** A short digest of which photos there are: their names and fingerprints, not where they lie. */
export async function photosDigest(photos: readonly string[]): Promise<string> {
  return digestOf(photos, await photoFingerprints(photos));
}

function digestOf(photos: readonly string[], fingerprints: readonly string[]): string {
  const hash = createHash("sha256");
  for (const [i, path] of photos.entries()) hash.update(`${basename(path)}\0${fingerprints[i]}\n`);
  return hash.digest("hex").slice(0, 16);
}

/** What tells each photo from others of its name: its size. */
async function photoFingerprints(photos: readonly string[]): Promise<string[]> {
  const fingerprints: string[] = [];
  const some = 256;
  for (let first = 0; first < photos.length; first += some) {
    const part = photos.slice(first, first + some);
    // That a photo vanished meanwhile is found, and said, when it is read.
    const sizes = await Promise.all(part.map((path) => stat(path).catch(() => undefined)));
    fingerprints.push(...sizes.map((found) => String(found?.size ?? "missing")));
  }
  return fingerprints;
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

/** Which photos there are, and which of them are never trained on. */
import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";

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
 * folder reached twice counts once, by its direct path rather than by a link.
 * @throws PaletteError when a folder is missing, cannot be read or holds no photo.
 */
export async function scanPhotos(folders: readonly string[]): Promise<string[]> {
  return sorted(
    (await photosByFolder(folders)).flatMap(({ photos }) => photos),
    byNameAndPath,
  );
}

/** The photos of a folder. */
export interface PhotoSet {
  /** As it was named. */
  readonly folder: string;
  /** Paths, sorted by file name and then by path. */
  readonly photos: readonly string[];
  /** See `photosDigest`. */
  readonly digest: string;
}

/**
 * The same, each named folder's photos by themselves: a photo belongs to the nearest folder named. The
 * sets are sorted by their digests, so that their order does not depend on where the folders lie.
 */
export async function scanPhotoSets(folders: readonly string[]): Promise<PhotoSet[]> {
  const sets: PhotoSet[] = [];
  for (const set of await photosByFolder(folders))
    sets.push({ ...set, digest: await photosDigest(set.photos) });
  return sets.sort((a, b) => compare(a.digest, b.digest));
}

async function photosByFolder(folders: readonly string[]): Promise<Omit<PhotoSet, "digest">[]> {
  if (folders.length === 0) throw new UsageError("Name at least one folder of photos.");
  const visited = new Set<string>();
  const sets = new Map<string, string[]>();
  const fruitful = new Set<string>();
  const direct: Visit[] = [...new Set(folders)]
    .sort(compare)
    .map((folder) => ({ folder, root: folder }));
  const linked: Visit[] = [];
  // Links wait until all else is done: whichever way a folder could be reached, its path is the same.
  for (let visit = direct.shift(); visit !== undefined; visit = direct.shift() ?? linked.shift()) {
    const { folder, root } = visit;
    const listed = await list(folder);
    const real = await realpath(folder);
    if (visited.has(real)) {
      fruitful.add(root);
      continue;
    }
    visited.add(real);
    for (const entry of listed) {
      const path = join(folder, entry.name);
      const link = entry.isSymbolicLink();
      const kind = link ? await stat(path).catch(() => undefined) : entry;
      if (kind?.isDirectory()) (link ? linked : direct).push({ folder: path, root });
      if (!kind?.isFile() || !photoEndings.includes(extname(path).toLowerCase())) continue;
      const set = sets.get(root) ?? [];
      if (set.length === 0) sets.set(root, set);
      set.push(path);
      fruitful.add(root);
    }
  }
  const empty = folders.find((folder) => !fruitful.has(folder));
  if (empty !== undefined) {
    const endings = photoEndings.map((ending) => ending.slice(1)).join(", ");
    throw new PaletteError(`The folder ${empty} holds no photos (${endings}).`);
  }
  return [...sets].map(([folder, photos]) => ({ folder, photos: sorted(photos, byNameAndPath) }));
}

interface Named {
  readonly path: string;
  readonly name: string;
}

const byName = (a: Named, b: Named) => compare(a.name, b.name);
const byNameAndPath = (a: Named, b: Named) => byName(a, b) || compare(a.path, b.path);

/** Equal ones stay in the order in which they are given. */
function sorted(photos: readonly string[], order: (a: Named, b: Named) => number): string[] {
  const named = photos.map((path) => ({ path, name: basename(path) }));
  return named.sort(order).map(({ path }) => path);
}

/** A folder to look into, and which of the named folders led there. */
interface Visit {
  readonly folder: string;
  readonly root: string;
}

export interface HoldOut {
  readonly train: string[];
  readonly heldOut: string[];
}

/**
 * Parts each set's photos (see `scanPhotoSets`) by themselves, so that a folder added to a training
 * leaves the held-out photos of the others as they are. `every:7:1` holds out each photo whose index,
 * counted from 0, is 1 modulo 7; `none` holds out nothing. Both lists are sorted by file name; of equal
 * names those of the first set come first.
 * @throws UsageError when the rule cannot be read; PaletteError when it leaves nothing to train on.
 */
export function splitHoldOut(sets: readonly (readonly string[])[], rule: string): HoldOut {
  const photos = sorted(sets.flat(), byName);
  if (rule === "none") return { train: photos, heldOut: [] };
  const [, modulus, remainder] = (/^every:(\d+):(\d+)$/.exec(rule) ?? []).map(Number);
  if (modulus === undefined || remainder === undefined || modulus < 2 || remainder >= modulus) {
    throw new UsageError(
      `Cannot read the hold-out rule "${rule}"; write every:N:K with N at least 2 and K below N, such as every:7:1, or none.`,
    );
  }
  const heldOut = sorted(
    sets.flatMap((set) => set.filter((_, index) => index % modulus === remainder)),
    byName,
  );
  const held = new Set(heldOut);
  const train = photos.filter((photo) => !held.has(photo));
  if (train.length === 0) {
    throw new PaletteError(
      `The hold-out rule ${rule} leaves none of the ${photos.length} photos for training; add photos or use none.`,
    );
  }
  return { train, heldOut };
}

/** A short digest of which photos there are: their names and sizes, not where they lie. */
export async function photosDigest(photos: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  const some = 256;
  for (let first = 0; first < photos.length; first += some) {
    const part = photos.slice(first, first + some);
    // That a photo vanished meanwhile is found, and said, when it is read.
    const sizes = await Promise.all(part.map((path) => stat(path).catch(() => undefined)));
    part.forEach((path, i) => {
      hash.update(`${basename(path)}\0${sizes[i]?.size ?? "missing"}\n`);
    });
  }
  return hash.digest("hex").slice(0, 16);
}

/** What is in a folder, without hidden entries, sorted by name. */
async function list(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.name.startsWith("."))
      .sort((a, b) => compare(a.name, b.name));
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

/** The photos in folders and in tar shards. */
import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
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
import { folderKinds, madeByPalette } from "./output-rule.ts";
import { memberAt, tarIndex } from "./tar-index.ts";
import { isCompressedTar, isTar, splitNames, type TarSeries } from "./tar-series.ts";

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
  const sets = await photosByFolder(folders, []);
  for (const { leftOut } of sets) leftOut.forEach(onLeftOut);
  return sortedBy(
    sets.flatMap(({ photos }) => photos),
    byNameAndPath,
  );
}

/**
 * The same, each named folder's photos by themselves: a photo belongs to the nearest folder named.
 * The sets are sorted by their digests, so that their order does not depend on where the folders
 * lie. Also taken are tar shards (`splitNames`), and folders that hold tars instead of photos. A
 * photo in a tar has the path `shards/000.tar/name.jpg`, and order, digest and hold-out as in a
 * folder of the same photos.
 * @param options.records whether a part of each file is read, for the photos' fingerprints
 * @throws PaletteError also when a tar is compressed, cut short or damaged.
 */
export async function scanPhotoSets(
  folders: readonly string[],
  { records = false }: { readonly records?: boolean } = {},
): Promise<PhotoSet[]> {
  const split = await splitNames(folders);
  const found = await photosByFolder(split.folders, split.series, true);
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

/** A named folder's photos, or those of a series of tars. */
interface FoundPhotos {
  readonly folder: string;
  readonly named?: readonly string[];
  readonly photos: string[];
  readonly leftOut: LeftOut[];
}

/** @param tars whether folders of tars are taken too */
async function photosByFolder(
  folders: readonly string[],
  series: readonly TarSeries[],
  tars = false,
): Promise<FoundPhotos[]> {
  if (folders.length + series.length === 0)
    throw new UsageError("Name at least one folder of photos.");
  const visited = new Set<string>();
  const sets = new Map<string, FoundPhotos>();
  const fruitful = new Set<string>();
  for (const { name, tars: paths, named } of series) {
    const found: FoundPhotos = { folder: name, named, photos: [], leftOut: [] };
    await addTars(found, paths, visited);
    sets.set(name, found);
    if (found.photos.length > 0) fruitful.add(name);
  }
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
    const shards: string[] = [];
    const before = found.photos.length;
    for (const entry of listed) {
      const path = join(folder, entry.name);
      const link = entry.isSymbolicLink();
      const kind = link ? await stat(path).catch(() => undefined) : entry;
      const ending = extname(path).toLowerCase();
      if (kind?.isFile() && unreadableEndings.includes(ending)) {
        leaveOut(found, path, unreadable);
        continue;
      }
      if (tars && kind?.isFile() && isTar(path)) shards.push(path);
      if (tars && kind?.isFile() && isCompressedTar(path)) leaveOut(found, path, packed);
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
    // Copies of photos beside them, or below, would be trained on and held out at once.
    if (folder !== root || found.photos.length > before) {
      for (const path of shards) leaveOut(found, path, unnamed);
    } else if (shards.length > 0) {
      if (names.includes(folderKinds.shards.sign)) await assertFinished(folder);
      await addTars(found, shards, visited);
      if (found.photos.length > 0) fruitful.add(root);
    }
  }
  const names = [...folders, ...series.map(({ name }) => name)];
  const empty = names.find((name) => !fruitful.has(name));
  if (empty !== undefined) {
    const endings = photoEndings.map((ending) => ending.slice(1)).join(", ");
    const [why] = leftOutNotes(sets.get(empty)?.leftOut ?? []);
    const what = folders.includes(empty) ? `The folder ${empty}` : empty;
    throw new PaletteError(
      `${what} holds no photos (${endings})${why === undefined ? "" : `; ${why}`}.`,
    );
  }
  const all = [...sets.values()];
  const leftOut = all.flatMap((set) => set.leftOut);
  // A folder may have all its photos in others that are named too: then it is no set.
  return all
    .filter(({ photos }) => photos.length > 0)
    .map((set, k) => ({
      ...set,
      photos: sortedBy(set.photos, byNameAndPath),
      leftOut: k === 0 ? leftOut : [],
    }));
}

/** @throws PaletteError when palette shards was stopped there: photos would be missing. */
async function assertFinished(folder: string): Promise<void> {
  const text = await readFile(join(folder, folderKinds.shards.sign), "utf8");
  if (/"shards":/.test(text)) return;
  throw new PaletteError(`The shards in ${folder} are not all made: give palette shards again.`);
}

/** Tars whose headers are read side by side. */
const tarsAtOnce = 8;

/** Adds the photos in tars, each tar once. */
async function addTars(
  found: FoundPhotos,
  paths: readonly string[],
  visited: Set<string>,
): Promise<void> {
  for (let first = 0; first < paths.length; first += tarsAtOnce) {
    const some = paths.slice(first, first + tarsAtOnce);
    // Of several that cannot be read, the first in their order is told of.
    for (const index of await Promise.allSettled(some.map(tarIndex))) {
      if (index.status === "rejected") throw index.reason;
      const { path, members } = index.value;
      const real = await realpath(path);
      if (visited.has(real)) continue;
      visited.add(real);
      for (const name of members.keys()) {
        // A hidden file, or one in a hidden folder.
        if (/(^|\/)\./.test(name)) continue;
        const ending = extname(name).toLowerCase();
        const member = `${path}/${name}`;
        if (photoEndings.includes(ending)) found.photos.push(member);
        else leaveOut(found, member, unreadableEndings.includes(ending) ? unreadable : noPhoto);
      }
    }
  }
}

const unreadable = "a picture of a format that cannot be read: convert it to PNG or JPEG first";
const garbled = "a name that is not UTF-8: rename it";
const noPhoto = "no photo";
const unnamed = "a tar beside photos or in a folder below: name it itself to take what it holds";
const packed = "a compressed tar: unpack it to a plain .tar";

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
  const sizes = await eachOf(photos, async (path) => {
    const inTar = await memberAt(path);
    return inTar?.member ?? (await stat(path).catch(() => undefined));
  });
  const named = photos.map((path, i) => ({ name: basename(path), size: sizes[i]?.size }));
  hash.update(digestedText(named));
  return hash.digest("hex").slice(0, 16);
}

async function recordsOf({ folder, photos }: FoundPhotos): Promise<PhotoRecord[]> {
  return eachOf(photos, async (path) => {
    // A run knows its photos again in shards of their folder.
    const inTar = await memberAt(path);
    if (inTar) return { name: inTar.member.name, fingerprint: inTar.member.fingerprint };
    return { name: relative(folder, path), fingerprint: await photoFingerprint(path) };
  });
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

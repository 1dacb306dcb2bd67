/**
 * Files that a page keeps in the browser (the origin private file system). A file is written beside
 * and swapped whole when it is complete, so that a tab that is killed leaves the old one.
 */
import { PaletteError, reasonOf } from "../../util/errors.ts";

export type Folder = FileSystemDirectoryHandle;

/** What a file is written of, part by part. */
export type FilePart = Uint8Array | string | Blob;

/**
 * The folder at these names below the root of the page's storage.
 * @param create whether missing ones are made; else undefined is given
 * @throws PaletteError when the browser keeps no files for this page.
 */
export async function openFolder(names: readonly string[], create: true): Promise<Folder>;
export async function openFolder(
  names: readonly string[],
  create: boolean,
): Promise<Folder | undefined>;
export async function openFolder(
  names: readonly string[],
  create: boolean,
): Promise<Folder | undefined> {
  let folder: Folder;
  try {
    folder = await navigator.storage.getDirectory();
  } catch (thrown) {
    throw new PaletteError(
      `This browser keeps no files for the page (${reasonOf(thrown)}): open it by https or localhost, in a window that is not private.`,
      { cause: thrown },
    );
  }
  for (const name of names) {
    try {
      folder = await folder.getDirectoryHandle(name, { create });
    } catch (thrown) {
      if (!create && isMissing(thrown)) return undefined;
      throw storageError(names.join("/"), thrown);
    }
  }
  return folder;
}

/** Undefined when there is no such file, or none of it was written whole yet. */
export async function readFile(folder: Folder, name: string): Promise<File | undefined> {
  try {
    const file = await (await folder.getFileHandle(name)).getFile();
    return file.size > 0 ? file : undefined;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw unreadable(name, thrown);
  }
}

/**
 * What `use` makes of a file; undefined when there is none. A file that was read in part when
 * another worker or tab swapped it is lost to its reader: `use` is called again with the new one.
 */
export async function readWith<T>(
  folder: Folder,
  name: string,
  use: (file: File) => Promise<T>,
): Promise<T | undefined> {
  for (let left = readAttempts; ; left--) {
    const file = await readFile(folder, name);
    try {
      return file && (await use(file));
    } catch (thrown) {
      if (!isSwapped(thrown)) throw thrown;
      if (left === 1) throw unreadable(name, thrown);
      await new Promise((done) => setTimeout(done, readPause));
    }
  }
}

const readAttempts = 20;
/** Milliseconds. */
const readPause = 10;

export function readText(folder: Folder, name: string): Promise<string | undefined> {
  return readWith(folder, name, (file) => file.text());
}

/**
 * Replaces a file whole, or leaves it as it is.
 * @throws PaletteError when there is no room for it or the browser cannot write files.
 */
export async function writeWhole(
  folder: Folder,
  name: string,
  parts: Iterable<FilePart> | AsyncIterable<FilePart>,
): Promise<void> {
  let file: FileSystemWritableFileStream | undefined;
  try {
    file = await (await folder.getFileHandle(name, { create: true })).createWritable();
    for await (const part of parts) {
      if (!(part instanceof Uint8Array)) await file.write(part);
      // In parts, as copies: what threads share cannot be written.
      else
        for (let at = 0; at < part.length; at += partBytes) {
          await file.write(Uint8Array.from(part.subarray(at, at + partBytes)));
        }
    }
    await file.close();
  } catch (thrown) {
    await file?.abort().catch(() => {});
    throw storageError(name, thrown);
  }
}

const partBytes = 2 ** 24;

/** Removes a file or a folder with all that is in it; nothing when there is none. */
export async function remove(folder: Folder, name: string): Promise<void> {
  await folder.removeEntry(name, { recursive: true }).catch((thrown) => {
    if (!isMissing(thrown)) throw storageError(name, thrown);
  });
}

/** The names in a folder, sorted, without what is being written. */
export async function namesIn(folder: Folder): Promise<string[]> {
  const names: string[] = [];
  for await (const name of folder.keys()) if (!name.endsWith(".crswap")) names.push(name);
  return names.sort();
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === "NotFoundError";
}

/** Of a file that was replaced or removed after it was opened. */
function isSwapped(thrown: unknown): boolean {
  return (
    isMissing(thrown) || (thrown instanceof DOMException && thrown.name === "NotReadableError")
  );
}

function unreadable(name: string, thrown: unknown): PaletteError {
  return new PaletteError(
    `${name} cannot be read from the browser's storage: load the page anew.`,
    { cause: thrown },
  );
}

function storageError(name: string, thrown: unknown): PaletteError {
  if (thrown instanceof PaletteError) return thrown;
  const full = (thrown as { readonly name?: unknown })?.name === "QuotaExceededError";
  const why = full
    ? "has no room left in the browser's storage: free some on the disk, or discard what this page keeps"
    : `cannot be written to the browser's storage (${reasonOf(thrown)}): another browser, or a newer one, may`;
  return new PaletteError(`${name} ${why}.`, { cause: thrown });
}

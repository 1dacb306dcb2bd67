/** A model in a zip, as a page gives it: unpacked once into the user's cache. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { type Entry, fromFdPromise, type ZipFile } from "yauzl";
import { configFile, weightsFile } from "../models/model.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { writeWholeBy } from "./atomic-write.ts";
import { userCache } from "./user-cache.ts";

/**
 * The folder that the model of a zip was unpacked into; of the same zip it is the same.
 * @throws PaletteError when the zip is damaged, does not hold exactly one model, or cannot be
 * unpacked.
 */
export async function unpackedModel(path: string): Promise<string> {
  const digest = await digestOf(path);
  const file = await open(path);
  try {
    const entries = await entriesOf(file, path);
    const { name, parts } = modelAmong(entries.all, path);
    const folder = join(userCache("models"), digest, name || basename(path).replace(/\.zip$/i, ""));
    // The config comes last: where it is, all is there.
    if (await isThere(join(folder, configFile))) return folder;
    for (const part of [weightsFile, configFile]) {
      await unpack(entries.zip, parts.get(part)!, join(folder, part), path);
    }
    return folder;
  } finally {
    await file.close();
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const part of createReadStream(path)) hash.update(part as Buffer);
  } catch (thrown) {
    throw new PaletteError(`${path} cannot be read: ${reasonOf(thrown)}.`, { cause: thrown });
  }
  return hash.digest("hex").slice(0, 16);
}

async function entriesOf(
  file: FileHandle,
  path: string,
): Promise<{ readonly zip: ZipFile; readonly all: readonly Entry[] }> {
  try {
    const zip = await fromFdPromise(file.fd, { lazyEntries: true, autoClose: false });
    const all: Entry[] = [];
    for await (const entry of zip.eachEntry()) all.push(entry);
    return { zip, all };
  } catch (thrown) {
    throw new PaletteError(`${path} is no zip that can be read (${reasonOf(thrown)}).`, {
      cause: thrown,
    });
  }
}

/** The entries of the only model, and the name of its folder in the zip. */
function modelAmong(
  entries: readonly Entry[],
  path: string,
): { readonly name: string; readonly parts: ReadonlyMap<string, Entry> } {
  const folderOf = (entry: Entry) => entry.fileName.slice(0, -configFile.length);
  const named = (name: string) => entries.find(({ fileName }) => fileName === name);
  const folders = entries
    .filter(({ fileName }) => fileName === configFile || fileName.endsWith(`/${configFile}`))
    .map(folderOf)
    .filter((folder) => named(`${folder}${weightsFile}`) !== undefined);
  const [folder] = folders;
  if (folder === undefined || folders.length > 1) {
    throw new PaletteError(
      `${path} holds ${folders.length === 0 ? "no model" : `${folders.length} models`}: give a zip of one folder with ${configFile} and ${weightsFile}.`,
    );
  }
  const parts = new Map(
    [configFile, weightsFile].map((name) => [name, named(`${folder}${name}`)!]),
  );
  return { name: basename(folder), parts };
}

async function unpack(zip: ZipFile, entry: Entry, to: string, path: string): Promise<void> {
  await writeWholeBy(to, async (file) => {
    let checksum = 0;
    try {
      for await (const part of await zip.openReadStreamPromise(entry)) {
        checksum = crc32(part as Buffer, checksum);
        await file.write(part as Buffer);
      }
    } catch (thrown) {
      throw new PaletteError(`${path} is damaged (${reasonOf(thrown)}): get it again.`, {
        cause: thrown,
      });
    }
    if (checksum !== entry.crc32) {
      throw new PaletteError(`${path} is damaged: ${entry.fileName} has changed; get it again.`);
    }
  });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

/** Files that appear whole or not at all. */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { makeFolder } from "./make-folder.ts";

/**
 * Writes a file under a temporary name beside it, brings it to the disk and renames it: whoever
 * reads `path`, even after a power cut, finds the old bytes or the new ones. Creates the folders.
 * @throws PaletteError naming the file when it cannot be written.
 */
export async function writeAtomically(path: string, content: Uint8Array | string): Promise<void> {
  await writeWholeBy(path, (file) => file.writeFile(content));
}

/** The same for what is written part by part: `write` fills the file. */
export async function writeWholeBy(
  path: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  // Short, whatever the file's own name is: that may be as long as a name can be.
  const temporary = join(folder, `.palette.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await makeFolder(folder);
    const file = await open(temporary, "wx");
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => {});
    if (thrown instanceof PaletteError) throw thrown;
    throw new PaletteError(`Cannot write ${path}: ${reasonOf(thrown)}.`, { cause: thrown });
  }
}

/** Files that appear whole or not at all. */
import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PaletteError, reasonOf } from "./errors.ts";

/**
 * Writes a file under a temporary name beside it, brings it to the disk and renames it: whoever
 * reads `path`, even after a power cut, finds the old bytes or the new ones. Creates the folders.
 * @throws PaletteError naming the file when it cannot be written.
 */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new PaletteError(`Cannot write ${path}: ${reasonOf(thrown)}.`, { cause: thrown });
  }
}

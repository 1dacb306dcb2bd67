/** What is read as a file must be one: a folder has no bytes, and a device no end. */
import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { PaletteError, reasonOf } from "../util/errors.ts";

/**
 * The bytes of a file, or of a pipe until its end.
 * @throws the system's error when it cannot be read; one of this form when it is a device.
 */
export async function readToEnd(path: string): Promise<Buffer> {
  const entry = await stat(path);
  if (entry.isCharacterDevice() || entry.isBlockDevice()) throw notAFile("a device");
  return readFile(path);
}

/**
 * @throws the system's error when there is nothing; one of this form when there is something else
 * than a file, of which no part can be read.
 */
export async function assertRegularFile(path: string): Promise<void> {
  const entry = await stat(path);
  if (!entry.isFile()) throw notAFile(kindOf(entry));
}

/**
 * The text of a file; undefined where there is none.
 * @throws PaletteError when it cannot be read
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    await assertRegularFile(path);
    return await readFile(path, "utf8");
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new PaletteError(`${path} cannot be read: ${reasonOf(thrown)}.`, { cause: thrown });
  }
}

function kindOf(entry: Stats): string {
  if (entry.isDirectory()) return "a folder";
  if (entry.isFIFO()) return "a pipe";
  return entry.isSocket() ? "a socket" : "a device";
}

function notAFile(kind: string): Error {
  return Object.assign(new Error(`it is ${kind}, not a file`), { code: "EINVAL" });
}

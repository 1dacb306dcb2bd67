/** Which model a folder holds and which photo a file, whatever they are called. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fingerprintBlocks, fingerprintOf } from "../data/photo-fingerprint.ts";
import { configFile, weightsFile } from "../models/model.ts";
import { PaletteError } from "../util/errors.ts";

/**
 * 16 hexadecimal digits of the SHA-256 of a model's files, or of some of them.
 * @throws PaletteError when one cannot be read.
 */
export async function modelDigest(
  folder: string,
  files: readonly string[] = [configFile, weightsFile],
): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) {
    try {
      // In parts: a weights file may be larger than Node reads at once.
      for await (const part of createReadStream(join(folder, file))) hash.update(part as Buffer);
    } catch {
      throw new PaletteError(`${join(folder, file)} cannot be read.`);
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * The size of a file and 12 hexadecimal digits of what it holds: of all of it up to 12 KiB, of its
 * beginning, middle and end where it is larger. A copy has the same, whenever and wherever it was
 * made. A photo that was edited and kept its size has another one, but for a small edit of a large
 * uncompressed file.
 * @returns "missing" where there is no such file
 */
export async function photoFingerprint(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined);
  // That a photo vanished meanwhile is found, and said, when it is read.
  if (file === undefined) return "missing";
  try {
    const { size } = await file.stat();
    return await fingerprintBy(size, async (start, length) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
      return buffer.subarray(0, bytesRead);
    });
  } catch {
    return "missing";
  } finally {
    await file.close();
  }
}

/**
 * The same of a photo that is no file of its own.
 * @param read gives so many bytes from `start` on
 */
export async function fingerprintBy(
  size: number,
  read: (start: number, length: number) => Promise<Uint8Array>,
): Promise<string> {
  const hash = createHash("sha256");
  for (const [start, end] of fingerprintBlocks(size)) hash.update(await read(start, end - start));
  return fingerprintOf(size, hash.digest("hex"));
}

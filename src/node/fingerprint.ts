/** Which model a folder holds, whatever it is called. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
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

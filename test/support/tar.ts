import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

/** Writes a tar with these files. */
export async function writeTar(
  path: string,
  files: readonly (readonly [name: string, content: Uint8Array | string])[],
): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, content] of files) tar.entry({ name, mtime: new Date(0) }, content);
  tar.finalize();
  const bytes = await buffer(Readable.from(tar));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return bytes;
}

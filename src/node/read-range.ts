/** Bytes of an open file by range. */
import type { FileHandle } from "node:fs/promises";
import { truncated } from "../models/safetensors.ts";

/**
 * The bytes from `start` to before `end`, in an array of their own.
 * @param source what to call the file in an error message
 * @throws PaletteError when the file ends before.
 */
export async function readRange(
  file: FileHandle,
  start: number,
  end: number,
  source: string,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  for (let at = 0; at < bytes.length; ) {
    // One call reads less than 2 GiB.
    const count = Math.min(bytes.length - at, 2 ** 30);
    const { bytesRead } = await file.read(bytes, at, count, start + at);
    if (bytesRead === 0) throw truncated(source);
    at += bytesRead;
  }
  return bytes;
}

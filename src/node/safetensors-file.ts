/** Safetensors files on disk, read and written tensor by tensor: a file may exceed 2 GiB. */
import { open } from "node:fs/promises";
import type { ByteSource } from "../models/byte-source.ts";
import {
  type EncodingOptions,
  encodeHeader,
  type Outline,
  storedBytes,
} from "../models/safetensors.ts";
import { SafetensorsReader } from "../models/safetensors-reader.ts";
import { writeWholeBy } from "./atomic-write.ts";
import { readRange } from "./read-range.ts";
import { assertRegularFile } from "./regular-file.ts";

/** A tensor whose numbers are made when their turn comes. */
export interface PendingTensor extends Outline {
  data(): Float32Array | Promise<Float32Array>;
}

/**
 * Writes a file whole or not at all: the bytes that `encodeSafetensors` gives.
 * @throws PaletteError as `encodeSafetensors`, and when the file cannot be written.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly PendingTensor[],
  options: EncodingOptions = {},
): Promise<void> {
  const header = encodeHeader(tensors, options);
  await writeWholeBy(path, async (file) => {
    await file.writeFile(header);
    for (const tensor of tensors) {
      await file.writeFile(storedBytes(tensor, await tensor.data(), options.dtype ?? "F32"));
    }
  });
}

/**
 * Opens a file for reading by range.
 * @param source what to call the file in an error message
 * @throws the system's error when the file cannot be opened, or is none.
 */
export async function fileSource(path: string, source = path): Promise<ByteSource> {
  // Opening a pipe would wait for its writer.
  await assertRegularFile(path);
  const file = await open(path);
  const { size } = await file.stat();
  return {
    size,
    read: (start, end) => readRange(file, start, end, source),
    close: () => file.close(),
  };
}

/**
 * Opens a safetensors file.
 * @param source what to call the file in an error message
 * @throws PaletteError as `decodeSafetensors`; the system's error when the file cannot be opened.
 */
export async function openSafetensors(path: string, source = path): Promise<SafetensorsReader> {
  return SafetensorsReader.open(await fileSource(path, source), source);
}

/**
 * Safetensors files read and written tensor by tensor: what is in memory is one of them, not the
 * file, which may be larger than Node reads at once (2 GiB).
 */
import { type FileHandle, open } from "node:fs/promises";
import {
  beginningBytes,
  bytesPerValue,
  decodeHeader,
  type EncodingOptions,
  encodeHeader,
  headerEnd,
  numbersOf,
  type Outline,
  type Place,
  storedBytes,
  truncated,
} from "../models/safetensors.ts";
import { writeWholeBy } from "./atomic-write.ts";

/** Read at once; a multiple of all sizes of numbers. */
const chunkBytes = 16 * 2 ** 20;

/** A tensor whose numbers are made when their turn comes. */
export interface PendingTensor extends Outline {
  data(): Float32Array;
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
      await file.writeFile(storedBytes(tensor, tensor.data(), options.dtype ?? "F32"));
    }
  });
}

/** An open file whose header is known to be sound. */
export class SafetensorsFile {
  readonly places: ReadonlyMap<string, Place>;
  readonly metadata: Readonly<Record<string, string>>;
  private readonly file: FileHandle;
  private readonly source: string;

  private constructor(
    file: FileHandle,
    source: string,
    places: readonly Place[],
    metadata: Readonly<Record<string, string>>,
  ) {
    this.file = file;
    this.source = source;
    this.places = new Map(places.map((place) => [place.name, place]));
    this.metadata = metadata;
  }

  /**
   * @param source what to call the file in an error message
   * @throws PaletteError as `decodeSafetensors`; the system's error when the file cannot be opened.
   */
  static async open(path: string, source = path): Promise<SafetensorsFile> {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const end = headerEnd(
        await readRange(file, 0, Math.min(size, beginningBytes), source),
        source,
      );
      if (end > size) throw truncated(source);
      const header = await readRange(file, 0, end, source);
      const { places, metadata } = decodeHeader(header, size, source);
      return new SafetensorsFile(file, source, places, metadata);
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  /** A tensor's numbers, in an array of their own. */
  async read(place: Place): Promise<Float32Array> {
    const { start, end, dtype } = place;
    const numbers = new Float32Array((end - start) / bytesPerValue[dtype]);
    for await (const { at, part } of this.parts(place)) numbers.set(part, at);
    return numbers;
  }

  /** A tensor's numbers in parts, each with the place of its first. */
  async *parts({
    start,
    end,
    dtype,
  }: Place): AsyncGenerator<{ readonly at: number; readonly part: Float32Array }> {
    for (let from = start; from < end; from += chunkBytes) {
      const stored = await readRange(
        this.file,
        from,
        Math.min(end, from + chunkBytes),
        this.source,
      );
      yield { at: (from - start) / bytesPerValue[dtype], part: numbersOf(stored, dtype) };
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** The bytes from `start` to `end`, which are in one read at most 2 GiB. */
async function readRange(
  file: FileHandle,
  start: number,
  end: number,
  source: string,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at);
    if (bytesRead === 0) throw truncated(source);
    at += bytesRead;
  }
  return bytes;
}

/** A safetensors file that is read tensor by tensor: only one of them is in memory at a time. */
import type { ByteSource } from "./byte-source.ts";
import {
  beginningBytes,
  bytesPerValue,
  decodeHeader,
  headerEnd,
  numbersOf,
  type Place,
  truncated,
} from "./safetensors.ts";

/** Bytes read at once; a multiple of all sizes of numbers. */
const chunkBytes = 16 * 2 ** 20;

/** An open file whose header is known to be sound. */
export class SafetensorsReader {
  readonly places: ReadonlyMap<string, Place>;
  readonly metadata: Readonly<Record<string, string>>;
  private readonly bytes: ByteSource;

  private constructor(
    bytes: ByteSource,
    places: readonly Place[],
    metadata: Readonly<Record<string, string>>,
  ) {
    this.bytes = bytes;
    this.places = new Map(places.map((place) => [place.name, place]));
    this.metadata = metadata;
  }

  /**
   * Reads the header. The reader closes the source, at the latest when this fails.
   * @param source what to call the file in an error message
   * @throws PaletteError as `decodeSafetensors`.
   */
  static async open(bytes: ByteSource, source: string): Promise<SafetensorsReader> {
    try {
      const beginning = await bytes.read(0, Math.min(bytes.size, beginningBytes));
      const end = headerEnd(beginning, source);
      if (end > bytes.size) throw truncated(source);
      const header = await bytes.read(0, end);
      const { places, metadata } = decodeHeader(header, bytes.size, source);
      return new SafetensorsReader(bytes, places, metadata);
    } catch (thrown) {
      await bytes.close();
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
      const stored = await this.bytes.read(from, Math.min(end, from + chunkBytes));
      yield { at: (from - start) / bytesPerValue[dtype], part: numbersOf(stored, dtype) };
    }
  }

  close(): Promise<void> {
    return this.bytes.close();
  }
}

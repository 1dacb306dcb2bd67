/**
 * Weights on disk in the safetensors format: the length of a JSON header (8 bytes, little-endian),
 * the header with each tensor's type, shape and place, then the raw little-endian numbers. In
 * memory all tensors are float32; on disk they may be F32 or F16. Numbers are read and written in
 * the machine's own byte order, which is little-endian wherever ONNX Runtime runs.
 */
import { Float16Array } from "@petamoriken/float16";
import { z } from "zod";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { fromHalf } from "../util/half-precision.ts";

export const dtypes = ["F32", "F16"] as const;
export type DType = (typeof dtypes)[number];

/** Numbers in row-major order; `data` has the product of `shape` values. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** In the order of the file's data. */
  readonly tensors: Map<string, Tensor>;
  /** Free text by key. */
  readonly metadata: Record<string, string>;
}

export const bytesPerValue: Record<DType, number> = { F32: 4, F16: 2 };
const prefixBytes = 8;
/** The format's own limit. */
const largestHeader = 100_000_000;
/** From here on a number rounds to infinity in half precision. */
const halfOverflow = 65_520;
const metadataKey = "__metadata__";

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const metadataSchema = z.record(z.string(), z.string());

type Entry = z.infer<typeof entrySchema>;

/** A tensor's name and shape, before its numbers are there. */
export interface Outline {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Where a tensor lies in a file. */
export interface Place extends Outline {
  readonly dtype: DType;
  /** In bytes from the beginning of the file. */
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes of a safetensors file. The same tensors in the same order give the same bytes.
 * @param options.dtype how numbers are stored; default "F32". "F16" rounds to nearest, ties to even
 * @throws PaletteError when a name comes twice or is reserved, a shape does not fit its data, or a
 * finite number is too large for F16.
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, Tensor]>,
  options: EncodingOptions = {},
): Uint8Array<ArrayBuffer> {
  const { dtype = "F32" } = options;
  const parts = [...tensors];
  const outlines = parts.map(([name, { shape }]) => ({ name, shape }));
  const header = encodeHeader(outlines, options);
  const size = outlines.reduce((sum, { shape }) => sum + valuesIn(shape), 0) * bytesPerValue[dtype];
  const bytes = new Uint8Array(header.length + size);
  bytes.set(header);
  let at = header.length;
  for (const [name, { shape, data }] of parts) {
    const stored = storedBytes({ name, shape }, data, dtype);
    bytes.set(stored, at);
    at += stored.length;
  }
  return bytes;
}

export interface EncodingOptions {
  readonly dtype?: DType;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a file begins with: the tensors' numbers follow in the same order. */
export function encodeHeader(
  outlines: Iterable<Outline>,
  { dtype = "F32", metadata }: EncodingOptions = {},
): Uint8Array<ArrayBuffer> {
  const entries = new Map<string, Entry | Readonly<Record<string, string>>>();
  if (metadata !== undefined) entries.set(metadataKey, metadata);
  let size = 0;
  for (const { name, shape } of outlines) {
    if (name === metadataKey) throw new PaletteError(`A tensor cannot be named ${metadataKey}.`);
    if (entries.has(name)) throw new PaletteError(`Two tensors are named "${name}": rename one.`);
    const end = size + valuesIn(shape) * bytesPerValue[dtype];
    entries.set(name, { dtype, shape: [...shape], data_offsets: [size, end] });
    size = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Spaces up to a multiple of 8 keep the numbers aligned for whoever maps the file.
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(prefixBytes + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, prefixBytes).set(json, prefixBytes);
  return bytes;
}

/**
 * A tensor's numbers as they are stored.
 * @throws PaletteError when they do not fill the shape, or one is too large for F16.
 */
export function storedBytes(
  { name, shape }: Outline,
  data: Float32Array,
  dtype: DType,
): Uint8Array {
  if (valuesIn(shape) !== data.length) {
    throw new PaletteError(
      `Tensor "${name}" has ${data.length} values, which do not fill its shape [${shape}].`,
    );
  }
  const stored = dtype === "F32" ? data : toHalf(name, data);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

/**
 * Reads a safetensors file. F32 tensors are views of `bytes` where its alignment allows.
 * @param source what to call the file in an error message
 * @throws PaletteError when the bytes are truncated, are no safetensors file, or hold another type
 * than F32 and F16.
 */
export function decodeSafetensors(bytes: Uint8Array, source = "The weights file"): Safetensors {
  const start = headerEnd(bytes, source);
  if (start > bytes.length) throw truncated(source);
  const { places, metadata } = decodeHeader(bytes.subarray(0, start), bytes.length, source);
  const tensors = new Map(
    places.map((place): [string, Tensor] => [
      place.name,
      { shape: place.shape, data: numbersOf(bytes.subarray(place.start, place.end), place.dtype) },
    ]),
  );
  return { tensors, metadata };
}

/** A tensor's numbers from its bytes: a view of them where that is possible. */
export function numbersOf(stored: Uint8Array, dtype: DType): Float32Array {
  return dtype === "F32" ? asFloats(stored) : fromHalf(stored);
}

/** Bytes that say where the header ends, and show that it is one. */
export const beginningBytes = prefixBytes + 1;

/**
 * Where the header ends and the numbers begin, from the first bytes of a file.
 * @throws PaletteError when it is no safetensors file, or shorter than it says.
 */
export function headerEnd(beginning: Uint8Array, source: string): number {
  if (beginning.length < prefixBytes) throw truncated(source);
  const view = new DataView(beginning.buffer, beginning.byteOffset, beginning.byteLength);
  const length = view.getBigUint64(0, true);
  // All other formats (zip, pickle, PNG, text) have a huge number here.
  const brace = beginning.length <= prefixBytes || beginning[prefixBytes] === 0x7b;
  if (length > largestHeader || !brace) {
    throw new PaletteError(`${source} is not a safetensors file; give one that is.`);
  }
  return prefixBytes + Number(length);
}

/**
 * The tensors of a file, in the order of their data, and its metadata.
 * @param header the file up to where its header ends
 * @param fileSize bytes of the whole file
 * @throws PaletteError as `decodeSafetensors`.
 */
export function decodeHeader(
  header: Uint8Array,
  fileSize: number,
  source: string,
): { readonly places: readonly Place[]; readonly metadata: Record<string, string> } {
  const { entries, metadata } = parseHeader(header.subarray(prefixBytes), source);
  let at = header.length;
  const places = entries.map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ]): Place => {
      if (dtype !== "F32" && dtype !== "F16") {
        throw new PaletteError(
          `${source}: tensor "${name}" is stored as ${dtype}; convert it to F32 or F16.`,
        );
      }
      // The format allows neither holes nor overlaps, so the tensors follow one another.
      const fits = end - begin === valuesIn(shape) * bytesPerValue[dtype];
      if (header.length + begin !== at || !fits) {
        throw new PaletteError(
          `${source} is damaged: the place of tensor "${name}" does not fit its shape; get it again.`,
        );
      }
      at = header.length + end;
      if (at > fileSize) throw truncated(source);
      return { name, shape, dtype, start: header.length + begin, end: at };
    },
  );
  if (at !== fileSize) {
    throw new PaletteError(
      `${source} is damaged: ${fileSize - at} bytes after its last tensor; get it again.`,
    );
  }
  return { places, metadata };
}

/** The header's tensors in the order of their data, and the metadata. */
function parseHeader(
  json: Uint8Array,
  source: string,
): { entries: [string, Entry][]; metadata: Record<string, string> } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(json);
    const { [metadataKey]: free = {}, ...rest } = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(text));
    const entries = Object.entries(rest).map(([name, entry]): [string, Entry] => [
      name,
      entrySchema.parse(entry),
    ]);
    // An empty tensor starts where the next one does and has to come before it.
    entries.sort(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1]);
    return { entries, metadata: metadataSchema.parse(free) };
  } catch (thrown) {
    const reason = thrown instanceof z.ZodError ? "a field is missing or wrong" : reasonOf(thrown);
    throw new PaletteError(`${source} is damaged: its header cannot be read (${reason}).`);
  }
}

export function truncated(source: string): PaletteError {
  return new PaletteError(`${source} is cut short: copy or download it again.`);
}

function valuesIn(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function asFloats(stored: Uint8Array): Float32Array {
  const aligned = stored.byteOffset % 4 === 0 ? stored : stored.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

function toHalf(name: string, data: Float32Array): Uint16Array {
  for (const value of data) {
    if (Math.abs(value) >= halfOverflow && Number.isFinite(value)) {
      throw new PaletteError(`Tensor "${name}" holds ${value}, too large for F16: save it as F32.`);
    }
  }
  return new Uint16Array(new Float16Array(data).buffer);
}

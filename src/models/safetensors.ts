/**
 * Weights on disk in the safetensors format: the length of a JSON header (8 bytes, little-endian), the
 * header with each tensor's type, shape and place, then the raw little-endian numbers. In memory all
 * tensors are float32; on disk they may be F32 or F16. Numbers are read and written in the machine's
 * own byte order, which is little-endian wherever ONNX Runtime runs.
 */
import { Float16Array } from "@petamoriken/float16";
import { z } from "zod";
import { PaletteError, reasonOf } from "../errors.ts";
import { fromHalf } from "../half-precision.ts";

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

const bytesPerValue: Record<DType, number> = { F32: 4, F16: 2 };
const lengthBytes = 8;
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

/**
 * The bytes of a safetensors file. The same tensors in the same order give the same bytes.
 * @param options.dtype how all numbers are stored; default "F32". "F16" rounds to nearest, ties to even
 * @throws PaletteError when a name comes twice or is reserved, a shape does not fit its data, or a
 * finite number is too large for F16.
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, Tensor]>,
  options: { dtype?: DType; metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array<ArrayBuffer> {
  const { dtype = "F32", metadata } = options;
  const entries = new Map<string, Entry | Readonly<Record<string, string>>>();
  if (metadata !== undefined) entries.set(metadataKey, metadata);
  const parts: [string, Tensor][] = [];
  let size = 0;
  for (const [name, tensor] of tensors) {
    if (name === metadataKey) throw new PaletteError(`A tensor cannot be named ${metadataKey}.`);
    if (entries.has(name)) throw new PaletteError(`Two tensors are named "${name}": rename one.`);
    if (valuesIn(tensor.shape) !== tensor.data.length) {
      throw new PaletteError(
        `Tensor "${name}" has ${tensor.data.length} values, which do not fill its shape [${tensor.shape}].`,
      );
    }
    const end = size + tensor.data.length * bytesPerValue[dtype];
    entries.set(name, { dtype, shape: [...tensor.shape], data_offsets: [size, end] });
    parts.push([name, tensor]);
    size = end;
  }

  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Spaces up to a multiple of 8 keep the numbers aligned for whoever maps the file.
  const headerLength = Math.ceil(json.length / 8) * 8;
  const start = lengthBytes + headerLength;
  const bytes = new Uint8Array(start + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, lengthBytes, start).set(json, lengthBytes);
  let at = start;
  for (const [name, { data }] of parts) {
    const stored = dtype === "F32" ? data : toHalf(name, data);
    bytes.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), at);
    at += stored.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file. F32 tensors are views of `bytes` where its alignment allows.
 * @param source what to call the file in an error message
 * @throws PaletteError when the bytes are truncated, are no safetensors file, or hold another type
 * than F32 and F16.
 */
export function decodeSafetensors(bytes: Uint8Array, source = "The weights file"): Safetensors {
  const { entries, metadata, start } = readHeader(bytes, source);
  const tensors = new Map<string, Tensor>();
  let expected = 0;
  for (const [name, { dtype, shape, data_offsets }] of entries) {
    const [begin, end] = data_offsets;
    if (dtype !== "F32" && dtype !== "F16") {
      throw new PaletteError(
        `${source}: tensor "${name}" is stored as ${dtype}; convert it to F32 or F16.`,
      );
    }
    // The format allows neither holes nor overlaps, so the tensors follow one another.
    if (begin !== expected || end - begin !== valuesIn(shape) * bytesPerValue[dtype]) {
      throw new PaletteError(
        `${source} is damaged: the place of tensor "${name}" does not fit its shape; get it again.`,
      );
    }
    if (start + end > bytes.length) throw truncated(source);
    const stored = bytes.subarray(start + begin, start + end);
    tensors.set(name, { shape, data: dtype === "F32" ? asFloats(stored) : fromHalf(stored) });
    expected = end;
  }
  if (start + expected !== bytes.length) {
    throw new PaletteError(
      `${source} is damaged: ${bytes.length - start - expected} bytes after its last tensor; get it again.`,
    );
  }
  return { tensors, metadata };
}

/** The header's tensors in the order of their data, the metadata, and where the data starts. */
function readHeader(
  bytes: Uint8Array,
  source: string,
): { entries: [string, Entry][]; metadata: Record<string, string>; start: number } {
  if (bytes.length < lengthBytes) throw truncated(source);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  // All other formats (zip, pickle, PNG, text) have a huge number here.
  if (length > largestHeader || (bytes.length > lengthBytes && bytes[lengthBytes] !== 0x7b)) {
    throw new PaletteError(`${source} is not a safetensors file; give one that is.`);
  }
  const start = lengthBytes + Number(length);
  if (start > bytes.length) throw truncated(source);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(
      bytes.subarray(lengthBytes, start),
    );
    const { [metadataKey]: free = {}, ...rest } = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(text));
    const entries = Object.entries(rest).map(([name, entry]): [string, Entry] => [
      name,
      entrySchema.parse(entry),
    ]);
    // An empty tensor starts where the next one does and has to come before it.
    entries.sort(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1]);
    return { entries, metadata: metadataSchema.parse(free), start };
  } catch (thrown) {
    const reason = thrown instanceof z.ZodError ? "a field is missing or wrong" : reasonOf(thrown);
    throw new PaletteError(`${source} is damaged: its header cannot be read (${reason}).`);
  }
}

function truncated(source: string): PaletteError {
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

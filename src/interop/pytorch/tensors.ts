/** Tensors as a checkpoint describes them: a piece of a storage, with strides. */
import { fromHalf } from "../../util/half-precision.ts";

/** The kinds of numbers whose storages are read, by PyTorch's name of the storage. */
export const storageTypes = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
} as const;

export type NumberType = (typeof storageTypes)[keyof typeof storageTypes];

export const bytesOf: Record<NumberType, number> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Numbers that several tensors may share. */
export class TensorStorage {
  readonly key: string;
  /** Undefined: bytes, whose meaning the tensors say. */
  readonly type: NumberType | undefined;
  /** Numbers, or bytes where there is no type. */
  readonly count: number;

  constructor(key: string, type: NumberType | undefined, count: number) {
    this.key = key;
    this.type = type;
    this.count = count;
  }
}

/** A tensor whose numbers are still in the file. */
export class StoredTensor {
  readonly storage: TensorStorage;
  readonly type: NumberType;
  readonly shape: readonly number[];
  /** Numbers from one position to the next, for each axis. */
  readonly strides: readonly number[];
  /** Its first number in the storage. */
  readonly offset: number;

  constructor(
    storage: TensorStorage,
    type: NumberType,
    shape: readonly number[],
    strides: readonly number[],
    offset: number,
  ) {
    this.storage = storage;
    this.type = type;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
  }

  /** How many numbers of the storage, from the first to the last one used, the tensor spans. */
  get span(): number {
    if (this.shape.includes(0)) return 0;
    return this.shape.reduce((sum, side, axis) => sum + (side - 1) * this.strides[axis]!, 1);
  }
}

/**
 * The tensor's numbers in row-major order.
 * @param bytes the `span` numbers from `offset` on, as stored
 */
export function valuesOf(tensor: StoredTensor, bytes: Uint8Array, bigEndian = false): Float32Array {
  const size = bytesOf[tensor.type];
  const little = bigEndian && size > 1 ? swapped(bytes, size) : bytes;
  const numbers = toFloats(tensor.type, little);
  return isContiguous(tensor) ? numbers : gathered(tensor, numbers);
}

/**
 * Machines that run ONNX Runtime are little-endian, so their own arrays read the file's numbers.
 */
function toFloats(type: NumberType, bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const view = <T>(Kind: new (buffer: ArrayBufferLike, offset: number, length: number) => T): T =>
    new Kind(aligned.buffer, aligned.byteOffset, aligned.length / bytesOf[type]);
  switch (type) {
    case "float32":
      return view(Float32Array);
    case "float64":
      return Float32Array.from(view(Float64Array));
    case "float16":
      return fromHalf(aligned);
    case "bfloat16": {
      // The upper half of a float32.
      const bits = Uint32Array.from(view(Uint16Array), (half) => half << 16);
      return new Float32Array(bits.buffer);
    }
    case "int64":
      return Float32Array.from(view(BigInt64Array), Number);
    case "int32":
      return Float32Array.from(view(Int32Array));
    case "int16":
      return Float32Array.from(view(Int16Array));
    case "int8":
      return Float32Array.from(view(Int8Array));
    case "uint8":
    case "bool":
      return Float32Array.from(aligned);
  }
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const within = i % size;
    out[i - within + (size - 1 - within)] = bytes[i]!;
  }
  return out;
}

function isContiguous({ shape, strides }: StoredTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function gathered({ shape, strides }: StoredTensor, numbers: Float32Array): Float32Array {
  const out = new Float32Array(shape.reduce((product, side) => product * side, 1));
  const place = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = numbers[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++place[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      place[axis] = 0;
    }
  }
  return out;
}

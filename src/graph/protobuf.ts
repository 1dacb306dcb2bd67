/**
 * Just enough of the protobuf wire format to write an ONNX model, and to replace parts of one:
 * varints, and length-delimited fields holding strings, bytes or nested messages. Large blobs are
 * kept as they are and copied once.
 */

/** Writes one message. */
export class MessageWriter {
  private readonly chunks: Uint8Array[] = [];
  private length = 0;

  /** A non-negative or negative integer field (wire type 0). */
  integer(field: number, value: number | bigint): this {
    this.push(varint(BigInt(field) << 3n));
    this.push(varint(BigInt.asUintN(64, BigInt(value))));
    return this;
  }

  /** A float32 field (wire type 5). */
  float(field: number, value: number): this {
    this.push(varint((BigInt(field) << 3n) | 5n));
    this.push(new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.header(field, value.length);
    return this.push(value);
  }

  message(field: number, value: MessageWriter): this {
    this.header(field, value.length);
    for (const chunk of value.chunks) this.chunks.push(chunk);
    this.length += value.length;
    return this;
  }

  /** Whole fields that are encoded already. */
  encoded(fields: Uint8Array): this {
    return this.push(fields);
  }

  /** A packed repeated integer field. */
  integers(field: number, values: readonly number[]): this {
    const packed = new MessageWriter();
    for (const value of values) packed.push(varint(BigInt.asUintN(64, BigInt(value))));
    return this.message(field, packed);
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.length);
    let offset = 0;
    for (const chunk of this.chunks) {
      out.set(chunk, offset);
      offset += chunk.length;
    }
    return out;
  }

  private header(field: number, length: number): void {
    this.push(varint((BigInt(field) << 3n) | 2n));
    this.push(varint(BigInt(length)));
  }

  private push(chunk: Uint8Array): this {
    this.chunks.push(chunk);
    this.length += chunk.length;
    return this;
  }
}

/** Where a field of a message lies in a file. */
export interface Field {
  readonly number: number;
  /** From its tag on. */
  readonly start: number;
  /** Of its content; behind the length, where it has one. */
  readonly content: number;
  readonly end: number;
}

/** The fields of the message inside a field; without one, of the message that the bytes are. */
export function* fieldsOf(
  bytes: Uint8Array,
  { content, end }: Pick<Field, "content" | "end"> = { content: 0, end: bytes.length },
): Generator<Field> {
  let at = content;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      // Also behind the end, where a damaged file may point.
      if (!(byte >= 0x80)) return value;
    }
  };
  while (at < end) {
    const start = at;
    const tag = varint();
    const wire = tag & 7;
    let content = at;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else {
      const length = varint();
      content = at;
      at += length;
    }
    yield { number: Math.floor(tag / 8), start, content, end: at };
  }
}

/**
 * The message inside a field (without one, the whole), in which `rewrite` gives the fields of this
 * number new content: any number of messages in its place, or undefined to leave it as it is.
 */
export function rewritten(
  bytes: Uint8Array,
  number: number,
  rewrite: (field: Field) => MessageWriter | readonly MessageWriter[] | undefined,
  within?: Field,
): MessageWriter {
  const writer = new MessageWriter();
  for (const field of fieldsOf(bytes, within)) {
    const anew = field.number === number ? rewrite(field) : undefined;
    if (anew === undefined) writer.encoded(bytes.subarray(field.start, field.end));
    else for (const message of [anew].flat()) writer.message(number, message);
  }
  return writer;
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}

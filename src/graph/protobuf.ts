/**
 * Just enough of the protobuf wire format to write an ONNX model: varints, and length-delimited
 * fields holding strings, bytes or nested messages. Large blobs are kept as they are and copied
 * once.
 */
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

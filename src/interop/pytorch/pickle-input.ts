/** The bytes of a pickle, read one argument after another. */
import { PaletteError } from "../../util/errors.ts";

export const latin1 = new TextDecoder("latin1");
export const utf8 = new TextDecoder();

export class PickleInput {
  position: number;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly source: string;

  /** @param source what to call the file in an error message */
  constructor(bytes: Uint8Array, source: string, start: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.source = source;
    this.position = start;
  }

  /** Where the next `count` bytes start. */
  take(count: number): number {
    const at = this.position;
    if (count > this.bytes.length - at) throw this.damaged("it ends too early");
    this.position += count;
    return at;
  }

  blob(count: number): Uint8Array {
    const at = this.take(count);
    return this.bytes.subarray(at, at + count);
  }

  unsigned(size: 1 | 2 | 4 | 8): number {
    const at = this.take(size);
    if (size === 1) return this.view.getUint8(at);
    if (size === 2) return this.view.getUint16(at, true);
    if (size === 4) return this.view.getUint32(at, true);
    return Number(this.view.getBigUint64(at, true));
  }

  /** A line of text, without its end. */
  line(decoder = utf8): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.damaged("it ends too early");
    const text = decoder.decode(this.bytes.subarray(this.position, end));
    this.position = end + 1;
    return text;
  }

  textInteger(): number | bigint | boolean {
    const text = this.line();
    if (text === "00" || text === "01") return text === "01";
    const digits = text.replace(/L$/, "");
    if (!/^-?\d{1,1000}$/.test(digits)) throw this.damaged("a number that is none");
    return narrow(BigInt(digits));
  }

  /** A whole number of so many bytes, little-endian, in two's complement. */
  long(size: number): number | bigint {
    if (size > 1000) throw this.damaged(`a number of ${size} bytes`);
    const digits = Buffer.from(this.blob(size)).reverse().toString("hex");
    return narrow(size === 0 ? 0n : BigInt.asIntN(8 * size, BigInt(`0x${digits}`)));
  }

  /** 4 bytes, little-endian. */
  signed(): number {
    return this.view.getInt32(this.take(4), true);
  }

  /** 8 bytes, big-endian. */
  real(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  damaged(what: string): PaletteError {
    return new PaletteError(
      `${this.source} is damaged (its pickle: ${what}); copy or download it again.`,
    );
  }
}

/** Python's raw-unicode-escape. */
export function unescaped(text: string): string {
  return text.replace(/\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/gi, (whole, short, long) => {
    const code = Number.parseInt(short ?? long, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

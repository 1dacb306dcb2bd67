/** Numbers of 16 bits, as files keep them. */
import { Float16Array } from "@petamoriken/float16";

let halves: Float32Array | undefined;

/** All 65,536 half-precision numbers by their bits: looking them up is far faster than decoding. */
function halfTable(): Float32Array {
  halves ??= new Float32Array(
    new Float16Array(Uint16Array.from({ length: 65_536 }, (_, i) => i).buffer),
  );
  return halves;
}

/** Half-precision numbers, little-endian, as float32. */
export function fromHalf(stored: Uint8Array): Float32Array {
  const aligned = stored.byteOffset % 2 === 0 ? stored : stored.slice();
  const bits = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
  const table = halfTable();
  const out = new Float32Array(bits.length);
  for (let i = 0; i < out.length; i++) out[i] = table[bits[i]!]!;
  return out;
}

/** The nearest half-precision numbers; beyond 65,504 infinite. */
export function toHalf(values: Float32Array): Float16Array {
  return Float16Array.from(values);
}

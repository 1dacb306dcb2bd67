/** PNG files of one length: how well a picture compresses says how smooth it is. */
import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/** Length, type and checksum. */
const frameBytes = 12;
/** The last chunk of every PNG is an empty IEND. */
const endBytes = frameBytes;

/** The least length that a file of so many bytes can be padded to. */
export function leastPadded(bytes: number): number {
  return bytes + frameBytes;
}

/**
 * The same picture with random bytes in a chunk that decoders pass over ("paDd": ancillary,
 * private, safe to copy).
 * @param length of the result, at least `leastPadded`
 */
export function paddedPng(file: Uint8Array, length: number): Uint8Array {
  const filling = length - leastPadded(file.length);
  if (filling < 0) throw new RangeError(`${file.length} bytes do not fit in ${length}.`);
  const chunk = Buffer.alloc(frameBytes + filling);
  chunk.writeUInt32BE(filling, 0);
  chunk.write("paDd", 4, "latin1");
  randomBytes(filling).copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + filling)), 8 + filling);
  const end = file.length - endBytes;
  return Buffer.concat([file.subarray(0, end), chunk, file.subarray(end)]);
}

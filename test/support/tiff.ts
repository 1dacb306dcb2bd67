/** Plain TIFF files of sample formats that sharp does not write. */

export interface TiffOptions {
  readonly width: number;
  readonly height: number;
  /** 1 (gray) or 3. */
  readonly channels: 1 | 3;
  /** 1: black is zero, 2: RGB, 8: Lab. */
  readonly photometric: 1 | 2 | 8;
}

/** An uncompressed little-endian TIFF of these samples, pixel by pixel. */
export function tiff(
  samples: Uint8Array | Uint16Array | Uint32Array | Int16Array | Float32Array,
  { width, height, channels, photometric }: TiffOptions,
): Uint8Array {
  const bits = 8 * samples.BYTES_PER_ELEMENT;
  const format = samples instanceof Float32Array ? 3 : samples instanceof Int16Array ? 2 : 1;
  const tags = 10;
  const lists = 8 + 2 + 12 * tags + 4;
  const pixels = lists + 2 * 2 * channels;
  const file = Buffer.alloc(pixels + samples.byteLength);
  file.write("II*\0\x08\0\0\0", "latin1");
  file.writeUInt16LE(tags, 8);
  let at = 10;
  const long = (tag: number, value: number) => {
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(4, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt32LE(value, at + 8);
    at += 12;
  };
  /** The same 16-bit value for each channel; in a list of its own where it does not fit. */
  const shorts = (tag: number, value: number, list: number) => {
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(3, at + 2);
    file.writeUInt32LE(channels, at + 4);
    if (channels === 1) file.writeUInt16LE(value, at + 8);
    else file.writeUInt32LE(list, at + 8);
    for (let c = 0; c < channels; c++) file.writeUInt16LE(value, list + 2 * c);
    at += 12;
  };
  long(256, width);
  long(257, height);
  shorts(258, bits, lists);
  long(259, 1);
  long(262, photometric);
  long(273, pixels);
  long(277, channels);
  long(278, height);
  long(279, samples.byteLength);
  shorts(339, format, lists + 2 * channels);
  file.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), pixels);
  return file;
}

/**
 * How strongly a JPEG was compressed. Its file says by what each frequency was divided (the
 * quantisation tables, ITU-T T.81 B.2.4.1). Nearly all programs scale one table by a quality from 1
 * to 100, as the IJG's libjpeg does.
 */

export interface JpegQuality {
  /** 1 to 100, on the scale of libjpeg. */
  readonly quality: number;
  /** Whether the table is exactly libjpeg's; other programs (cameras, Photoshop) have their own. */
  readonly exact: boolean;
}

/** T.81, table K.1: luminance, in the file's zigzag order. */
const standard = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37,
  29, 40, 58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87,
  95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/** The quality whose table is nearest to the file's; undefined when the bytes are no JPEG. */
export function jpegQuality(file: Uint8Array): JpegQuality | undefined {
  const table = luminanceTable(file);
  if (table === undefined) return undefined;
  let best = { quality: 1, apart: Number.POSITIVE_INFINITY };
  for (let quality = 1; quality <= 100; quality++) {
    const apart = scaledTable(quality).reduce((sum, q, k) => sum + Math.abs(q - table[k]!), 0);
    if (apart < best.apart) best = { quality, apart };
  }
  return { quality: best.quality, exact: best.apart === 0 };
}

/** libjpeg's table of a quality (jpeg_quality_scaling, baseline). */
function scaledTable(quality: number): number[] {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return standard.map((q) => Math.min(255, Math.max(1, Math.floor((q * scale + 50) / 100))));
}

/** Table 0, by convention that of luminance. */
function luminanceTable(file: Uint8Array): number[] | undefined {
  if (file[0] !== 0xff || file[1] !== 0xd8) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff; ) {
    const marker = file[at + 1]!;
    // Fill bytes before a marker; and the start of the scan, after which there are no tables of
    // interest.
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xda) return undefined;
    const end = at + 2 + view.getUint16(at + 2);
    if (marker === 0xdb) {
      for (let table = at + 4; table < end; ) {
        const wide = file[table]! >> 4 === 1;
        const next = table + 1 + (wide ? 128 : 64);
        if (next > file.length) return undefined;
        if ((file[table]! & 15) === 0) {
          return standard.map((_, k) =>
            wide ? view.getUint16(table + 1 + 2 * k) : file[table + 1 + k]!,
          );
        }
        table = next;
      }
    }
    at = end;
  }
  return undefined;
}

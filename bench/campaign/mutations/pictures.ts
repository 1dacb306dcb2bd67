/**
 * Damage that knows picture formats: chunks and segments, sizes beyond all pictures, rare formats.
 */
import { crc32, deflateSync } from "node:zlib";
import type { Random } from "../../../src/util/random.ts";
import { type Mutated, mutateBytes, noise } from "./bytes.ts";

/** Damages a picture's file, as its format invites to or as any file. */
export function mutatePicture(bytes: Uint8Array, random: Random): Mutated {
  const file = Buffer.from(bytes);
  const kind = random.uniform();
  if (kind < 0.12) return random.pick(rare)(random);
  if (kind < 0.45 && file.subarray(1, 4).toString("latin1") === "PNG")
    return mutatePng(file, random);
  if (kind < 0.45 && file[0] === 0xff && file[1] === 0xd8) return mutateJpeg(file, random);
  return mutateBytes(file, random);
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

function pngChunks(file: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = signature.length; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at);
    chunks.push({
      type: file.toString("latin1", at + 4, at + 8),
      data: file.subarray(at + 8, at + 8 + length),
    });
    at += 12 + length;
  }
  return chunks;
}

function pngFile(chunks: readonly Chunk[]): Buffer {
  return Buffer.concat([
    signature,
    ...chunks.flatMap(({ type, data }) => {
      const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(data.length);
      sum.writeUInt32BE(crc32(named));
      return [length, named, sum];
    }),
  ]);
}

const sides = [0, 1, 2, 65_535, 65_536, 1_000_000, 0x7fff_ffff, 0xffff_ffff];

function mutatePng(file: Buffer, random: Random): Mutated {
  const chunks = pngChunks(file);
  const at = random.integer(0, chunks.length - 1);
  const chunk = chunks[at];
  const kind = random.integer(0, 5);
  if (chunk === undefined || kind === 0) {
    const header = Buffer.from(chunks[0]?.data ?? Buffer.alloc(13));
    const [width, height] = [random.pick(sides), random.pick(sides)];
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    return {
      bytes: pngFile([{ type: "IHDR", data: header }, ...chunks.slice(1)]),
      how: `a PNG that says ${width}x${height}`,
    };
  }
  if (kind === 1) {
    const header = Buffer.from(chunks[0]?.data ?? Buffer.alloc(13));
    const field = random.integer(8, 12);
    header[field] = random.integer(0, 255);
    return {
      bytes: pngFile([{ type: "IHDR", data: header }, ...chunks.slice(1)]),
      how: `byte ${field} of IHDR is ${header[field]}`,
    };
  }
  if (kind === 2) {
    const other = random.integer(0, chunks.length - 1);
    const swapped = chunks.map((one, k) =>
      k === at ? (chunks[other] ?? one) : k === other ? chunk : one,
    );
    return { bytes: pngFile(swapped), how: `chunks ${at} and ${other} swapped` };
  }
  if (kind === 3) {
    return { bytes: pngFile(chunks.filter((_, k) => k !== at)), how: `no chunk ${chunk.type}` };
  }
  if (kind === 4) {
    // A text of 64 MB in a few kilobytes, and profiles and dates that are none.
    const type = random.pick(["zTXt", "iCCP", "eXIf", "tEXt", "pHYs", "tRNS", "PLTE", "acTL"]);
    const bomb = Buffer.concat([
      Buffer.from("key\0\0", "latin1"),
      deflateSync(Buffer.alloc(2 ** 26)),
    ]);
    const data = random.uniform() < 0.3 ? bomb : noise(random, random.integer(0, 300));
    const added = [...chunks.slice(0, 1), { type, data }, ...chunks.slice(1)];
    return { bytes: pngFile(added), how: `a chunk ${type} of ${data.length} bytes` };
  }
  const { bytes, how } = chunk.data.length > 0 ? mutateBytes(chunk.data, random) : file_(chunk);
  const inner = chunks.map((one, k) => (k === at ? { ...one, data: Buffer.from(bytes) } : one));
  return { bytes: pngFile(inner), how: `in ${chunk.type}: ${how}` };
}

const file_ = ({ data }: Chunk): Mutated => ({ bytes: data, how: "nothing" });

/** The segments before the scan, each with its marker, and all the rest. */
function jpegSegments(file: Buffer): { segments: Buffer[]; rest: Buffer } {
  const segments: Buffer[] = [];
  let at = 2;
  while (at + 4 <= file.length && file[at] === 0xff && file[at + 1] !== 0xda) {
    const length = 2 + file.readUInt16BE(at + 2);
    segments.push(Buffer.from(file.subarray(at, at + length)));
    at += length;
  }
  return { segments, rest: file.subarray(at) };
}

function mutateJpeg(file: Buffer, random: Random): Mutated {
  const { segments, rest } = jpegSegments(file);
  const whole = (parts: readonly Buffer[]) => Buffer.concat([file.subarray(0, 2), ...parts, rest]);
  const frame = segments.findIndex((one) => (one[1] ?? 0) >= 0xc0 && (one[1] ?? 0) <= 0xc2);
  const at = random.integer(0, segments.length - 1);
  const segment = segments[at];
  const kind = random.integer(0, 4);
  if (segment === undefined || (kind === 0 && frame < 0)) return mutateBytes(file, random);
  if (kind === 0) {
    const [width, height] = [0, 0].map(() => random.pick([0, 1, 7, 65_500, 65_535]));
    segments[frame]?.writeUInt16BE(height ?? 0, 5);
    segments[frame]?.writeUInt16BE(width ?? 0, 7);
    return { bytes: whole(segments), how: `a JPEG that says ${width}x${height}` };
  }
  if (kind === 1) {
    const value = random.pick([0, 1, 2, 3, 0xff, 0xffff]);
    segment.writeUInt16BE(value, 2);
    return { bytes: whole(segments), how: `segment ${at} says ${value} bytes` };
  }
  if (kind === 2) {
    const other = random.integer(0, segments.length - 1);
    [segments[at], segments[other]] = [segments[other] ?? segment, segment];
    return { bytes: whole(segments), how: `segments ${at} and ${other} swapped` };
  }
  if (kind === 3) {
    return { bytes: whole(segments.filter((_, k) => k !== at)), how: `no segment ${at}` };
  }
  const marker = random.integer(0xc0, 0xfe);
  segment[1] = marker;
  return { bytes: whole(segments), how: `segment ${at} is called ${marker.toString(16)}` };
}

const text = (content: string, how: string) => (): Mutated => ({
  bytes: Buffer.from(content),
  how,
});

/** What is given as a photo and is another thing, or a picture beyond all sizes. */
const rare: readonly ((random: Random) => Mutated)[] = [
  text(
    '<svg xmlns="http://www.w3.org/2000/svg" width="90000" height="90000"><rect width="9" height="9"/></svg>',
    "an SVG of 90000x90000",
  ),
  text(
    '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&c;&c;&c;&c;</text></svg>',
    "an SVG with nested entities",
  ),
  text("<!DOCTYPE html><title>404</title>", "an HTML page"),
  text("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF"),
  text("P6 100000 100000 255\n", "a PPM of 100000x100000"),
  text("P3 2 2 255 1 2 3 4 5 6 7 8 9 10 11 12", "a PPM in text"),
  text("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 9 +X 9\n", "a Radiance picture without pixels"),
  text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "a Git LFS pointer"),
  () => ({
    bytes: Buffer.concat([Buffer.from("BM"), Buffer.alloc(52)]),
    how: "a BMP without a size",
  }),
  () => ({
    bytes: Buffer.from("0000001c6674797068656963000000006d696631686569636d696166", "hex"),
    how: "the beginning of a HEIC",
  }),
  () => ({ bytes: Buffer.from("PK\x03\x04", "latin1"), how: "a zip" }),
  (random) => {
    // Real pixels, and many: what is refused is refused before it is unpacked.
    const [width, height] = random.pick([
      [30_000, 30_000],
      [1, 300_000_000],
      [65_536, 65_536],
    ] as const);
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header[8] = 1;
    const data = deflateSync(Buffer.alloc(2 ** 24));
    return {
      bytes: pngFile([
        { type: "IHDR", data: header },
        { type: "IDAT", data },
        { type: "IEND", data: Buffer.alloc(0) },
      ]),
      how: `a PNG of ${width}x${height} in ${data.length} bytes`,
    };
  },
];

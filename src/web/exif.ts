/**
 * The EXIF block of a picture's file, which a canvas neither tells nor writes: read from JPEG, PNG
 * and WebP, and put into such files.
 */
import type { Size } from "../image/model-size.ts";
import { crc32 } from "../util/crc32.ts";

const orientationTag = 0x0112;

/** The block (a TIFF file) of a picture's file; undefined where it has none, or another format. */
export function exifOf(file: Uint8Array): Uint8Array | undefined {
  const block = [jpegBlock, pngBlock, webpBlock].map((find) => find(file)).find(Boolean);
  if (block === undefined || orientationPlace(block) === "broken") return undefined;
  return block.slice();
}

/** 1 (upright) to 8, as the block says. */
export function exifOrientation(block: Uint8Array): number {
  const place = orientationPlace(block);
  if (typeof place === "string") return 1;
  const value = viewOf(block).getUint16(place.at, place.little);
  return value >= 1 && value <= 8 ? value : 1;
}

/**
 * A JPEG, PNG or WebP file of upright pixels with this block; the block's orientation is made that
 * of the pixels. A block that a format cannot hold is left out.
 */
export function withExif(file: Blob, exif: Uint8Array, size: Size): Promise<Blob> | Blob {
  const block = upright(exif);
  switch (file.type) {
    case "image/jpeg":
      return block.length > 65_000 ? file : intoJpeg(file, block);
    case "image/png":
      return intoPng(file, block);
    case "image/webp":
      return intoWebp(file, block, size);
    default:
      return file;
  }
}

function upright(exif: Uint8Array): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(exif);
  const place = orientationPlace(block);
  if (typeof place !== "string") viewOf(block).setUint16(place.at, 1, place.little);
  return block;
}

/** Where the orientation's value lies in the block. */
function orientationPlace(
  block: Uint8Array,
): { readonly at: number; readonly little: boolean } | "none" | "broken" {
  const view = viewOf(block);
  try {
    const order = view.getUint16(0);
    if (order !== 0x4949 && order !== 0x4d4d) return "broken";
    const little = order === 0x4949;
    const directory = view.getUint32(4, little);
    for (let k = 0; k < view.getUint16(directory, little); k++) {
      const entry = directory + 2 + 12 * k;
      if (view.getUint16(entry, little) === orientationTag) return { at: entry + 8, little };
    }
    return "none";
  } catch {
    return "broken";
  }
}

const preamble = "Exif\0\0";

function jpegBlock(file: Uint8Array): Uint8Array | undefined {
  if (file[0] !== 0xff || file[1] !== 0xd8) return undefined;
  const view = viewOf(file);
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff; ) {
    const [marker, length] = [file[at + 1]!, view.getUint16(at + 2)];
    if (marker === 0xda) return undefined;
    const content = file.subarray(at + 4, at + 2 + length);
    if (marker === 0xe1 && textAt(content, 0, 6) === preamble) return content.subarray(6);
    at += 2 + length;
  }
  return undefined;
}

function pngBlock(file: Uint8Array): Uint8Array | undefined {
  if (textAt(file, 1, 3) !== "PNG") return undefined;
  const view = viewOf(file);
  for (let at = 8; at + 12 <= file.length; ) {
    const length = view.getUint32(at);
    if (textAt(file, at + 4, 4) === "eXIf") return file.subarray(at + 8, at + 8 + length);
    at += 12 + length;
  }
  return undefined;
}

function webpBlock(file: Uint8Array): Uint8Array | undefined {
  if (textAt(file, 8, 4) !== "WEBP") return undefined;
  const view = viewOf(file);
  for (let at = 12; at + 8 <= file.length; ) {
    const length = view.getUint32(at + 4, true);
    if (textAt(file, at, 4) === "EXIF") {
      const content = file.subarray(at + 8, at + 8 + length);
      return textAt(content, 0, 6) === preamble ? content.subarray(6) : content;
    }
    at += 8 + length + (length % 2);
  }
  return undefined;
}

/** Behind the first two bytes, as EXIF asks for. */
function intoJpeg(file: Blob, block: Uint8Array<ArrayBuffer>): Blob {
  const head = new Uint8Array(4 + preamble.length);
  head.set([0xff, 0xe1]);
  viewOf(head).setUint16(2, 2 + preamble.length + block.length);
  head.set(new TextEncoder().encode(preamble), 4);
  return new Blob([file.slice(0, 2), head, block, file.slice(2)], { type: file.type });
}

/** Of a PNG: its signature and its header. */
const firstChunks = 33;

function intoPng(file: Blob, block: Uint8Array<ArrayBuffer>): Blob {
  const chunk = new Uint8Array(12 + block.length);
  const view = viewOf(chunk);
  view.setUint32(0, block.length);
  chunk.set(new TextEncoder().encode("eXIf"), 4);
  chunk.set(block, 8);
  view.setUint32(8 + block.length, crc32(chunk.subarray(4, 8 + block.length)));
  return new Blob([file.slice(0, firstChunks), chunk, file.slice(firstChunks)], {
    type: file.type,
  });
}

const [alphaFlag, exifFlag] = [0x10, 0x08];

/** With the chunk VP8X in front, which says that there is more than pixels. */
async function intoWebp(file: Blob, block: Uint8Array<ArrayBuffer>, size: Size): Promise<Blob> {
  const head = new Uint8Array(await file.slice(0, 30).arrayBuffer());
  const extended = textAt(head, 12, 4) === "VP8X";
  const first = new Uint8Array(18);
  first.set(new TextEncoder().encode("VP8X"));
  const view = viewOf(first);
  view.setUint32(4, 10, true);
  // A lossless picture says itself whether it has opacity.
  const alpha = textAt(head, 12, 4) === "VP8L" && (head[24]! & alphaFlag) !== 0 ? alphaFlag : 0;
  first[8] = (extended ? head[20]! : alpha) | exifFlag;
  for (const [at, side] of [
    [12, size.width],
    [15, size.height],
  ] as const) {
    view.setUint16(at, (side - 1) & 0xffff, true);
    first[at + 2] = (side - 1) >> 16;
  }
  const last = new Uint8Array(8 + block.length + (block.length % 2));
  last.set(new TextEncoder().encode("EXIF"));
  viewOf(last).setUint32(4, block.length, true);
  last.set(block, 8);
  const pixels = file.slice(extended ? 30 : 12);
  const start = new Uint8Array(12);
  start.set(new TextEncoder().encode("RIFF\0\0\0\0WEBP"));
  viewOf(start).setUint32(4, 4 + first.length + pixels.size + last.length, true);
  return new Blob([start, first, pixels, last], { type: file.type });
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

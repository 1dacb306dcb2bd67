/** An answer as the file that is asked for. */
import { crc32 } from "node:zlib";
import { sharp } from "../../node/sharp.ts";
import { reasonOf } from "../../util/errors.ts";
import type { ResultFormat, ResultQuery } from "../api/options.ts";
import type { Answer, PhotoMetadata } from "./executor.ts";
import { HttpProblem } from "./problem.ts";

export const contentTypes: Readonly<Record<ResultFormat, string>> = {
  png: "image/png",
  jpeg: "image/jpeg",
  webp: "image/webp",
};

const defaultQuality = 95;

/** @throws HttpProblem when the format cannot hold so large a picture */
export async function encodeAnswer(
  { png, width, height }: Answer,
  metadata: PhotoMetadata,
  { format = "png", quality = defaultQuality, metadata: wanted = "keep" }: ResultQuery,
): Promise<Uint8Array> {
  const { exif, profile = false } = metadata;
  const keep = wanted === "keep" && (exif !== undefined || profile);
  if (format === "png" && !keep) return png;
  const file = keep && exif !== undefined ? withExif(png, exif) : png;
  let pipeline = sharp(file, { failOn: "none", limitInputPixels: false });
  // The pixels are upright, and sRGB: its profile comes with the metadata.
  if (keep) pipeline = pipeline.withMetadata({ orientation: 1 });
  try {
    if (format === "png") return await pipeline.png().toBuffer();
    if (format === "webp") return await pipeline.webp({ quality }).toBuffer();
    return await pipeline
      .flatten({ background: "white" })
      .jpeg({ quality, chromaSubsampling: "4:4:4" })
      .toBuffer();
  } catch (thrown) {
    throw new HttpProblem(
      422,
      `${width}x${height} pixels cannot be written as ${format} (${reasonOf(thrown)}); use png.`,
    );
  }
}

/** Of a PNG: behind its signature and its header. */
const firstChunks = 33;

/** The PNG file with an EXIF block, which sharp then brings to any format. */
function withExif(png: Uint8Array, exif: Uint8Array): Uint8Array {
  const start = Buffer.from(exif.subarray(0, 6)).toString("latin1") === "Exif\0\0" ? 6 : 0;
  const block = exif.subarray(start);
  const chunk = Buffer.alloc(12 + block.length);
  chunk.writeUInt32BE(block.length, 0);
  chunk.write("eXIf", 4, "latin1");
  chunk.set(block, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + block.length)), 8 + block.length);
  return Buffer.concat([png.subarray(0, firstChunks), chunk, png.subarray(firstChunks)]);
}

/**
 * Sets of features as files. A file is a list of records: digest of the picture (32 bytes), its numbers
 * (float32), and the first 8 bytes of the record's own SHA-256. The first damaged record ends the file:
 * the rest is cut off and computed again.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FeatureSet, FeatureStore } from "../evaluation/features/feature-store.ts";
import { reasonOf } from "../util/errors.ts";
import { userCache } from "./user-cache.ts";

const digestBytes = 32;
const checkBytes = 8;

/**
 * @param folder default: features in the user's cache
 * @param onProblem told once when features cannot be stored
 */
export function featureFiles(
  folder: string = userCache("features"),
  onProblem: (line: string) => void = () => {},
): FeatureStore {
  let storing = true;
  return {
    async open(name, length): Promise<FeatureSet> {
      const path = join(folder, `${createHash("sha256").update(name).digest("hex")}.bin`);
      const size = digestBytes + 4 * length + checkBytes;
      const bytes = await readFile(path).catch(() => new Uint8Array());
      const records = new Map<string, Float32Array>();
      let end = 0;
      for (; end + size <= bytes.length; end += size) {
        const record = bytes.subarray(end, end + size);
        const body = record.subarray(0, -checkBytes);
        if (!check(body).equals(record.subarray(-checkBytes))) break;
        // A copy: float32 values need an aligned buffer.
        const values = new Float32Array(Uint8Array.from(body.subarray(digestBytes)).buffer);
        records.set(Buffer.from(body.subarray(0, digestBytes)).toString("hex"), values);
      }
      return {
        find: (digest) => records.get(digest),
        async append(added) {
          if (!storing) return;
          const content = Buffer.concat([...added].map(([digest, row]) => encode(digest, row)));
          try {
            await mkdir(folder, { recursive: true });
            const file = await open(path, end === 0 ? "w" : "r+");
            try {
              await file.truncate(end);
              await file.write(content, 0, content.length, end);
            } finally {
              await file.close();
            }
            end += content.length;
            for (const [digest, row] of added) records.set(digest, row);
          } catch (thrown) {
            storing = false;
            onProblem(`Features are not kept: ${reasonOf(thrown)}.`);
          }
        },
      };
    },
  };
}

function encode(digest: string, row: Float32Array): Buffer {
  const values = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  const body = Buffer.concat([Buffer.from(digest, "hex"), values]);
  return Buffer.concat([body, check(body)]);
}

function check(body: Uint8Array): Buffer {
  return createHash("sha256").update(body).digest().subarray(0, checkBytes);
}

/**
 * Features kept from one run to the next: one file a set of pictures. A record is the SHA-256 of a
 * picture's size and pixels, in 64 letters, and its numbers as float32. So a picture that changed
 * is computed anew, and nothing has to be declared stale.
 */
import { type Image, toBytes } from "../../image/image.ts";
import { sha256 } from "../../util/sha256.ts";
import type { EvaluationStore } from "../platform.ts";
import type { FeatureNetwork, NetworkOutput } from "./feature-network.ts";

/** Where features are kept; a failure to write costs computing them again. */
export type FeatureStore = Pick<EvaluationStore, "read" | "write">;

export interface CachedNetwork {
  /** `FeatureNetwork.run`, but pictures with a record are not computed, and equal ones once. */
  run(images: readonly Image[], signal?: AbortSignal): Promise<NetworkOutput[]>;
  /** Stores the records that came in between. */
  save(): Promise<void>;
}

/** A SHA-256 in letters. */
const digestLength = 64;

/** The network with the stored set `name` in front. */
export async function cachedNetwork(
  network: FeatureNetwork,
  store: FeatureStore,
  name: string,
): Promise<CachedNetwork> {
  const { featureLength = 0, classes = 0 } = network;
  const length = featureLength + classes;
  const file = `${await sha256(`${network.key}\n${name}`)}.features`;
  const records = await parse((await store.read(file)) ?? new Uint8Array(), length);
  let kept = records.size;
  return {
    async run(images, signal) {
      const digests = await Promise.all(images.map(digestOf));
      const missing = new Map(
        digests.flatMap((digest, k) => (records.has(digest) ? [] : [[digest, images[k]!]])),
      );
      const computed = await network.run([...missing.values()], signal);
      for (const [k, digest] of [...missing.keys()].entries()) {
        const { features = [], probabilities = [] } = computed[k]!;
        records.set(digest, Float32Array.of(...features, ...probabilities));
      }
      return digests.map((digest) => {
        const record = records.get(digest)!;
        return {
          ...(featureLength > 0 && { features: record.subarray(0, featureLength) }),
          ...(classes > 0 && { probabilities: record.subarray(featureLength) }),
        };
      });
    },
    async save() {
      if (records.size === kept) return;
      kept = records.size;
      await store.write(file, await encode(records, length)).catch(() => {});
    },
  };
}

function digestOf(image: Image): Promise<string> {
  const pixels = toBytes(image);
  const content = new Uint8Array(8 + pixels.length);
  new Uint32Array(content.buffer, 0, 2).set([image.width, image.height]);
  content.set(pixels, 8);
  return sha256(content);
}

/** The records, and the SHA-256 of them all. */
async function encode(
  records: ReadonlyMap<string, Float32Array>,
  length: number,
): Promise<Uint8Array> {
  const size = digestLength + 4 * length;
  const end = records.size * size;
  const bytes = new Uint8Array(end + digestLength);
  for (const [k, [digest, numbers]] of [...records].entries()) {
    bytes.set(new TextEncoder().encode(digest), k * size);
    bytes.set(new Uint8Array(Float32Array.from(numbers).buffer), k * size + digestLength);
  }
  bytes.set(new TextEncoder().encode(await sha256(bytes.subarray(0, end))), end);
  return bytes;
}

/** A file that is damaged holds no records: they are computed again. */
async function parse(file: Uint8Array, length: number): Promise<Map<string, Float32Array>> {
  // A copy: the numbers must lie at multiples of four bytes of a buffer of their own.
  const bytes = Uint8Array.from(file);
  const end = bytes.length - digestLength;
  const letters = (at: number) => new TextDecoder().decode(bytes.subarray(at, at + digestLength));
  const records = new Map<string, Float32Array>();
  if (end < 0 || letters(end) !== (await sha256(bytes.subarray(0, end)))) return records;
  const size = digestLength + 4 * length;
  for (let at = 0; at < end; at += size) {
    records.set(letters(at), new Float32Array(bytes.buffer, at + digestLength, length));
  }
  return records;
}

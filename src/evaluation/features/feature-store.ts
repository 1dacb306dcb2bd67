/**
 * Stored features: one file for a set of pictures. A record is found by the digest of a picture's
 * pixels, so a picture that changed is computed anew and nothing has to be declared stale.
 */
import { type Image, toBytes } from "../../image/image.ts";
import { sha256 } from "../../util/sha256.ts";
import type { FeatureNetwork, NetworkOutput } from "./feature-network.ts";

/** A place for sets of records; `src/node/feature-store.ts` keeps them as files. */
export interface FeatureStore {
  /** @param length numbers of each record; @param name of the set: any text */
  open(name: string, length: number): Promise<FeatureSet>;
}

export interface FeatureSet {
  find(digest: string): Float32Array | undefined;
  /** Adds records at the end. Never throws: a set that cannot be stored is computed again. */
  append(records: ReadonlyMap<string, Float32Array>): Promise<void>;
}

/** Computes outputs of pictures; see `rememberingNetwork`. */
export type OutputsOf = (
  images: readonly Image[],
  signal?: AbortSignal,
) => Promise<NetworkOutput[]>;

/**
 * The network with the stored set `name` in front: only pictures without a record are computed, equal
 * ones once. Each call appends its new records, so a set that was interrupted is continued.
 */
export async function rememberingNetwork(
  network: FeatureNetwork,
  store: FeatureStore,
  name: string,
): Promise<OutputsOf> {
  const { featureLength = 0, classes = 0 } = network;
  const set = await store.open(`${network.key}\n${name}`, featureLength + classes);
  return async (images, signal) => {
    const digests = await Promise.all(images.map(digestOf));
    const records = new Map<string, Float32Array>();
    const missing = new Map<string, Image>();
    for (const [k, digest] of digests.entries()) {
      const record = set.find(digest);
      if (record) records.set(digest, record);
      else missing.set(digest, images[k]!);
    }
    const computed = await network.run([...missing.values()], signal);
    const added = new Map([...missing.keys()].map((digest, k) => [digest, join(computed[k]!)]));
    if (added.size > 0) await set.append(added);
    return digests.map((digest) => {
      const record = (records.get(digest) ?? added.get(digest))!;
      return {
        ...(featureLength > 0 && { features: record.subarray(0, featureLength) }),
        ...(classes > 0 && { probabilities: record.subarray(featureLength) }),
      };
    });
  };
}

function digestOf(image: Image): Promise<string> {
  const pixels = toBytes(image);
  const content = new Uint8Array(8 + pixels.length);
  new Uint32Array(content.buffer, 0, 2).set([image.width, image.height]);
  content.set(pixels, 8);
  return sha256(content);
}

function join({ features, probabilities }: NetworkOutput): Float32Array {
  const parts = [features ?? [], probabilities ?? []];
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

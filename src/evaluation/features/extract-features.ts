/**
 * Sets of pictures as the metrics take them: bytes, features and probabilities, one row a picture.
 * What the networks gave is kept from one run to the next, one file a set. A record in it is the
 * SHA-256 of a picture's size and pixels, in 64 letters, and its numbers as float32: a picture that
 * changed is computed anew, and nothing has to be declared stale.
 */
import { type Image, toBytes } from "../../image/image.ts";
import { sha256 } from "../../util/sha256.ts";
import type { EvaluationStore } from "../platform.ts";
import type { NetworkInfo } from "../report/report.ts";
import type { FeatureNetwork } from "./feature-network.ts";

/** Where features are kept; a failure to write costs computing them again. */
export type FeatureStore = Pick<EvaluationStore, "read" | "write">;

/**
 * The networks of an evaluation; each may be missing. The features' network is shown whole pictures
 * and the classifier their middle, so one file opened for both is two networks.
 */
export interface FeatureExtractors {
  readonly features?: FeatureNetwork;
  readonly classifier?: FeatureNetwork;
  readonly store: FeatureStore;
}

/** A set of pictures with the networks' outputs. */
export interface SetFeatures {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** [H, W, 3] of each; empty when only the outputs were asked for. */
  readonly bytes: readonly Uint8Array[];
  /** [count, featureLength] */
  readonly features?: Rows;
  /** [count, classes] of the features' network, for IS. */
  readonly probabilities?: Rows;
  /** [count, classes] of the classifier, for CA. */
  readonly classified?: Rows;
}

/** A matrix [rows, dim], row by row. */
export interface Rows {
  readonly data: Float32Array;
  readonly dim: number;
}

export interface ExtractOptions {
  readonly signal?: AbortSignal;
  readonly onPicture?: () => void;
  /** Whether the pixels are needed too; default true. */
  readonly pixels?: boolean;
}

/** Pictures in memory at a time: enough for all cores. */
const batch = 32;

/**
 * Extracts the features of `count` pictures; those in the store under `name` are taken from there.
 */
export async function extractFeatures(
  { name, count, picture }: { name: string; count: number; picture(k: number): Promise<Image> },
  { features, classifier, store }: FeatureExtractors,
  { signal, onPicture, pixels = true }: ExtractOptions = {},
): Promise<SetFeatures> {
  const looked = features && (await keptSet(features, store, name));
  const classified = classifier && (await keptSet(classifier, store, name));
  const bytes: Uint8Array[] = [];
  let [width, height] = [0, 0];
  try {
    for (let first = 0; first < count; first += batch) {
      signal?.throwIfAborted();
      const images = await Promise.all(
        Array.from({ length: Math.min(batch, count - first) }, (_, k) => picture(first + k)),
      );
      for (const image of images) {
        if (pixels) bytes.push(toBytes(image));
        [width, height] = [image.width, image.height];
      }
      await looked?.add(images, signal);
      await classified?.add(images, signal);
      for (const _ of images) onPicture?.();
    }
  } finally {
    // Also what was computed before an interruption.
    await looked?.save();
    await classified?.save();
  }
  return {
    count,
    width,
    height,
    bytes,
    features: looked?.rows(0, features?.featureLength),
    probabilities: looked?.rows(features?.featureLength, features?.classes),
    classified: classified?.rows(classifier?.featureLength, classifier?.classes),
  };
}

/** The chosen rows, [indices.length, dim]. */
export function rowsOf({ data, dim }: Rows, indices: ArrayLike<number>): Float32Array {
  const out = new Float32Array(indices.length * dim);
  for (let k = 0; k < indices.length; k++) {
    out.set(data.subarray(indices[k]! * dim, (indices[k]! + 1) * dim), k * dim);
  }
  return out;
}

/** Ends the threads of all networks. */
export async function disposeExtractors(extractors: FeatureExtractors): Promise<void> {
  await extractors.features?.dispose();
  await extractors.classifier?.dispose();
}

/** A network as the report names it. */
export function networkInfo({ manifest, digest, view }: FeatureNetwork): NetworkInfo {
  const { name, title, license, input } = manifest;
  const shown =
    view === "whole"
      ? "the whole picture squeezed into it (Lanczos3)"
      : `short side ${input.resize.shortSide} (Lanczos3), centre crop`;
  const words = `${input.size}x${input.size} ${input.channels}, ${shown}`;
  return { name, title, digest, input: words, ...(license && { license }) };
}

/** The letters of a SHA-256. */
const letters = 64;

/**
 * A network's outputs for a set of pictures, of which the store may know some: its file ends in the
 * SHA-256 of all before.
 */
async function keptSet(network: FeatureNetwork, store: FeatureStore, name: string) {
  const numbers = (network.featureLength ?? 0) + (network.classes ?? 0);
  const file = `${await sha256(`${network.key}\n${name}`)}.features`;
  const records = await parse(Uint8Array.from((await store.read(file)) ?? []), numbers);
  const known = records.size;
  /** In the order of the pictures. */
  const set: Float32Array[] = [];
  return {
    /** Pictures with a record are not computed, and equal ones once. */
    async add(images: readonly Image[], signal?: AbortSignal): Promise<void> {
      const digests = await Promise.all(images.map(digestOf));
      const missing = new Map(
        digests.flatMap((digest, k) => (records.has(digest) ? [] : [[digest, images[k]!]])),
      );
      const computed = await network.run([...missing.values()], signal);
      for (const [k, digest] of [...missing.keys()].entries()) {
        const { features = [], probabilities = [] } = computed[k]!;
        records.set(digest, Float32Array.of(...features, ...probabilities));
      }
      set.push(...digests.map((digest) => records.get(digest)!));
    },
    /** So many numbers of each picture, from `first`; undefined when there are none. */
    rows(first = 0, dim = 0): Rows | undefined {
      if (dim === 0 || set.length === 0) return undefined;
      const data = new Float32Array(set.length * dim);
      for (const [k, record] of set.entries()) {
        data.set(record.subarray(first, first + dim), k * dim);
      }
      return { data, dim };
    },
    async save(): Promise<void> {
      if (records.size === known) return;
      const content = await joined(...[...records].flat());
      await store.write(file, await joined(content, await sha256(content))).catch(() => {});
    },
  };
}

/** Texts and arrays one after the other. */
async function joined(...parts: readonly (string | ArrayBufferView)[]) {
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

async function digestOf(image: Image): Promise<string> {
  return sha256(await joined(Uint32Array.of(image.width, image.height), toBytes(image)));
}

/** A file that is damaged holds no records: they are computed again. */
async function parse(bytes: Uint8Array, numbers: number): Promise<Map<string, Float32Array>> {
  const end = bytes.length - letters;
  const textAt = (at: number) => new TextDecoder().decode(bytes.subarray(at, at + letters));
  const records = new Map<string, Float32Array>();
  if (end < 0 || textAt(end) !== (await sha256(bytes.subarray(0, end)))) return records;
  for (let at = 0; at < end; at += letters + 4 * numbers) {
    // A copy, which lies at a multiple of four bytes.
    const record = bytes.slice(at + letters, at + letters + 4 * numbers);
    records.set(textAt(at), new Float32Array(record.buffer, 0, numbers));
  }
  return records;
}

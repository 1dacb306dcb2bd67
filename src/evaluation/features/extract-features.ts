/**
 * Sets of pictures as the metrics take them: bytes, features and probabilities, one row a picture.
 */
import { type Image, toBytes } from "../../image/image.ts";
import type { NetworkInfo } from "../report/report.ts";
import { cachedNetwork, type FeatureStore } from "./feature-cache.ts";
import type { FeatureNetwork, NetworkOutput } from "./feature-network.ts";
import { inputInWords } from "./manifest.ts";

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

export interface PictureSet {
  /** Names the set in the store. */
  readonly name: string;
  readonly count: number;
  picture(index: number): Promise<Image>;
}

export interface ExtractOptions {
  readonly signal?: AbortSignal;
  readonly onPicture?: () => void;
  /** Whether the pixels are needed too; default true. */
  readonly pixels?: boolean;
}

/** Pictures in memory at a time: enough for all cores. */
const batch = 32;

/** Extracts a set's features; those in the store are taken from there. */
export async function extractFeatures(
  { name, count, picture }: PictureSet,
  { features, classifier, store }: FeatureExtractors,
  { signal, onPicture, pixels = true }: ExtractOptions = {},
): Promise<SetFeatures> {
  const featuresOf = features && (await cachedNetwork(features, store, name));
  const classesOf = classifier && (await cachedNetwork(classifier, store, name));
  const bytes: Uint8Array[] = [];
  const outputs: NetworkOutput[] = [];
  const classes: NetworkOutput[] = [];
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
      if (featuresOf) outputs.push(...(await featuresOf.run(images, signal)));
      if (classesOf) classes.push(...(await classesOf.run(images, signal)));
      for (const _ of images) onPicture?.();
    }
  } finally {
    // Also what was computed before an interruption.
    await featuresOf?.save();
    await classesOf?.save();
  }
  return {
    count,
    width,
    height,
    bytes,
    features: rows(outputs.map((one) => one.features)),
    probabilities: rows(outputs.map((one) => one.probabilities)),
    classified: rows(classes.map((one) => one.probabilities)),
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
  const { name, title, license } = manifest;
  return { name, title, digest, input: inputInWords(manifest, view), ...(license && { license }) };
}

function rows(parts: readonly (Float32Array | undefined)[]): Rows | undefined {
  const dim = parts[0]?.length;
  if (dim === undefined) return undefined;
  const data = new Float32Array(parts.length * dim);
  for (const [k, part] of parts.entries()) if (part) data.set(part, k * dim);
  return { data, dim };
}

/** Pictures as the measures want them: bytes, features and probabilities, one row a picture. */

import { type Image, toBytes } from "../image/image.ts";
import { readImage } from "../node/decode-image.ts";
import type { FeatureExtractors } from "./feature-extractors.ts";
import type { NetworkOutput } from "./features/feature-network.ts";

/** A set of pictures and what the networks say of them. */
export interface SetFeatures {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** [H, W, 3] of each; none where only the networks' numbers were asked for. */
  readonly bytes: readonly Uint8Array[];
  /** [count, dim] */
  readonly features?: Rows;
  /** [count, classes] of the network of the features, for IS. */
  readonly probabilities?: Rows;
  /** [count, classes] of the classifier, for CA. */
  readonly classified?: Rows;
}

export interface Rows {
  readonly data: Float32Array;
  readonly dim: number;
}

export interface ValidationOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onPicture?: (() => void) | undefined;
  /** Whether the pixels are needed too; default true. */
  readonly pixels?: boolean;
}

/** Pictures read at a time: enough for all cores, little memory. */
const atOnce = 32;

/** SetFeatures at pictures in files, or made by a function. */
export async function look(
  count: number,
  picture: (index: number) => Promise<Image> | string,
  { features, classifier }: FeatureExtractors,
  { signal, onPicture, pixels = true }: ValidationOptions = {},
): Promise<SetFeatures> {
  const bytes: Uint8Array[] = [];
  const seen: NetworkOutput[] = [];
  const classes: NetworkOutput[] = [];
  let [width, height] = [0, 0];
  for (let first = 0; first < count; first += atOnce) {
    signal?.throwIfAborted();
    const some = await Promise.all(
      Array.from({ length: Math.min(atOnce, count - first) }, (_, k) => {
        const one = picture(first + k);
        return typeof one === "string" ? readImage(one) : one;
      }),
    );
    for (const image of some) {
      if (pixels) bytes.push(toBytes(image));
      [width, height] = [image.width, image.height];
    }
    const options = signal === undefined ? {} : { signal };
    if (features) seen.push(...(await features.run(some, options)));
    if (classifier) classes.push(...(await classifier.run(some, options)));
    for (const _ of some) onPicture?.();
  }
  return {
    count,
    width,
    height,
    bytes,
    ...named("features", rows(seen.map((one) => one.features))),
    ...named("probabilities", rows(seen.map((one) => one.probabilities))),
    ...named("classified", rows(classes.map((one) => one.probabilities))),
  };
}

/** The rows of some of the pictures. */
export function rowsOf({ data, dim }: Rows, indices: ArrayLike<number>): Float32Array {
  const out = new Float32Array(indices.length * dim);
  for (let k = 0; k < indices.length; k++) {
    out.set(data.subarray(indices[k]! * dim, (indices[k]! + 1) * dim), k * dim);
  }
  return out;
}

function rows(parts: readonly (Float32Array | undefined)[]): Rows | undefined {
  const dim = parts[0]?.length;
  if (dim === undefined) return undefined;
  const data = new Float32Array(parts.length * dim);
  parts.forEach((part, k) => {
    if (part) data.set(part, k * dim);
  });
  return { data, dim };
}

function named<Name extends string>(name: Name, value: Rows | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { [K in Name]?: Rows };
}

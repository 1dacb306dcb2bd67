/**
 * A feature network: features for FID, KID and PD, class probabilities for CA and IS. Each engine
 * computes one picture at a time on one thread: as fast as a batch, and a picture's numbers never
 * depend on the others.
 */
import { createImage, type Image } from "../../image/image.ts";
import type { Engine, EngineTensors, Runtime } from "../../runtime/runtime.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { sha256 } from "../../util/sha256.ts";
import { parseLabels, wnidOf } from "./class-labels.ts";
import type { NetworkManifest, View } from "./manifest.ts";
import { withOutputs } from "./onnx-outputs.ts";
import { preprocess, preprocessingRevision } from "./preprocess.ts";

/** The outputs for one picture. */
export interface NetworkOutput {
  /** [featureLength] */
  readonly features?: Float32Array;
  /** [classes], summing to 1, without the background. */
  readonly probabilities?: Float32Array;
}

/** The files of a network, read. */
export interface NetworkFiles {
  readonly manifest: NetworkManifest;
  /** Named in messages. */
  readonly path: string;
  readonly model: Uint8Array;
  /** The list of classes and its path. */
  readonly labels?: { readonly path: string; readonly text: string };
}

export interface OpenNetworkOptions {
  /** Compiles the network. */
  readonly runtime: Runtime;
  /** Pictures computed at the same time; default: one on each core. */
  readonly engines?: number;
  /** Default "whole". */
  readonly view?: View;
}

export interface FeatureNetwork {
  readonly manifest: NetworkManifest;
  /** SHA-256 of the ONNX file, in hexadecimal. */
  readonly digest: string;
  readonly view: View;
  /** Undefined when the network gives no features. */
  readonly featureLength?: number;
  /** Number of classes without the background; undefined when it gives no probabilities. */
  readonly classes?: number;
  /** Names everything that the outputs depend on besides the picture. */
  readonly key: string;
  /** Whether there is a list of its classes. */
  readonly labelled: boolean;
  /**
   * The class that a photo's path names by a wnid; undefined without a wnid or a list of classes.
   */
  labelOf(path: string): number | undefined;
  /** The outputs for pictures of any size, in order. An abort stops before the next picture. */
  run(images: readonly Image[], signal?: AbortSignal): Promise<NetworkOutput[]>;
  /** Ends the threads. */
  dispose(): Promise<void>;
}

/** Names of the outputs that are appended to a model. */
const names = { features: "palette/features", probabilities: "palette/probabilities" } as const;

/**
 * Loads a network and tries it on a gray picture, so that a wrong manifest is noticed at once.
 * @throws PaletteError when the file is not the one of the manifest, or does not fit it.
 */
export async function openNetwork(
  { manifest, path, model, labels: list }: NetworkFiles,
  { runtime, engines: count = runtime.cores, view = "whole" }: OpenNetworkOptions,
): Promise<FeatureNetwork> {
  const { input, outputs, classes, background } = manifest;
  const digest = await sha256(model);
  if (manifest.sha256 !== undefined && manifest.sha256 !== digest) {
    const remedy = manifest.url
      ? `delete it and run "palette features get ${manifest.name}"`
      : "correct its manifest or replace the file";
    throw new PaletteError(`${path} is not the ${manifest.title} that was expected; ${remedy}.`);
  }
  const labels =
    list && outputs.probabilities
      ? parseLabels(list.text, classes, list.path)
      : new Map<string, number>();
  const extended = withOutputs(model, {
    ...(outputs.features && { [names.features]: outputs.features }),
    ...(outputs.probabilities && { [names.probabilities]: outputs.probabilities.name }),
  });
  const opened = await Promise.allSettled(
    Array.from({ length: Math.max(1, count) }, () => runtime.compile(extended, { threads: 1 })),
  );
  const engines = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const dispose = async () => {
    await Promise.all(engines.map((engine) => engine.dispose()));
  };
  const compute = async (engine: Engine, image: Image): Promise<NetworkOutput> => {
    const data = preprocess(image, input, view);
    const shape = [1, 3, input.size, input.size];
    return outputOf(await engine.run({ [input.name]: { data, shape } }), manifest);
  };
  try {
    for (const one of opened) if (one.status === "rejected") throw one.reason;
    const gray = createImage(input.size, input.size);
    const { features, probabilities } = await compute(engines[0]!, gray);
    return {
      manifest,
      digest,
      view,
      featureLength: features?.length,
      classes: probabilities?.length,
      key: JSON.stringify([digest, preprocessingRevision, view, input, outputs, background]),
      labelled: labels.size > 0,
      labelOf: (photo) => labels.get(wnidOf(photo) ?? ""),
      run: (images, signal) => runAll(engines, images, compute, signal),
      dispose,
    };
  } catch (thrown) {
    await dispose();
    throw new PaletteError(`${path} does not do what its manifest says: ${reasonOf(thrown)}.`);
  }
}

/**
 * Each engine takes the next picture as soon as it is free; after a failure no further one begins.
 */
async function runAll(
  engines: readonly Engine[],
  images: readonly Image[],
  compute: (engine: Engine, image: Image) => Promise<NetworkOutput>,
  signal: AbortSignal | undefined,
): Promise<NetworkOutput[]> {
  const results = new Array<NetworkOutput>(images.length);
  let next = 0;
  const lane = async (engine: Engine) => {
    try {
      while (next < images.length) {
        signal?.throwIfAborted();
        const index = next++;
        results[index] = await compute(engine, images[index]!);
      }
    } finally {
      next = images.length;
    }
  };
  const lanes = await Promise.allSettled(engines.map(lane));
  for (const result of lanes) if (result.status === "rejected") throw result.reason;
  return results;
}

function outputOf(tensors: EngineTensors, manifest: NetworkManifest): NetworkOutput {
  const { outputs, classes, background } = manifest;
  const numbersOf = (name: string, tensor: string): Float32Array => {
    const data: unknown = tensors[name]?.data;
    if (data instanceof Float32Array && data.every(Number.isFinite)) return data;
    throw new PaletteError(`"${tensor}" does not hold finite numbers as float32`);
  };
  const features = outputs.features && numbersOf(names.features, outputs.features);
  if (outputs.probabilities === undefined) return { ...(features && { features }) };
  const { name, softmax } = outputs.probabilities;
  const scores = numbersOf(names.probabilities, name);
  if (scores.length !== classes + background) {
    throw new PaletteError(
      `"${name}" holds ${scores.length} numbers, not ${classes} classes and ${background} background`,
    );
  }
  const probabilities = normalized(scores.subarray(background), softmax);
  return { ...(features && { features }), probabilities };
}

/** Brings the sum to 1: leaving the background out before or after the softmax is the same. */
function normalized(values: Float32Array, softmax: boolean): Float32Array {
  const highest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = Float64Array.from(values, (v) => (softmax ? Math.exp(v - highest) : v));
  const sum = weights.reduce((a, b) => a + b, 0);
  // The background has everything: all classes are equally likely.
  if (!(sum > 0)) return new Float32Array(values.length).fill(1 / values.length);
  return Float32Array.from(weights, (weight) => weight / sum);
}

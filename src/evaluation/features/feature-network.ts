/**
 * A feature network: features for FID, KID and PD, class probabilities for CA and IS. Each engine
 * computes one picture at a time on one thread: as fast as a batch, and a picture's numbers never
 * depend on the others.
 */
import { MessageWriter } from "../../graph/protobuf.ts";
import { createImage, type Image } from "../../image/image.ts";
import { compileSeveral } from "../../runtime/pool.ts";
import type { Engine, Runtime } from "../../runtime/runtime.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { sha256 } from "../../util/sha256.ts";
import { withoutLocalResponse } from "./local-response.ts";
import type { NetworkManifest, View } from "./manifest.ts";
import { preprocess, preprocessingRevision } from "./preprocess.ts";

/** The outputs for one picture. */
export interface NetworkOutput {
  /** [featureLength] */
  readonly features?: Float32Array;
  /** [classes], summing to 1, without the background. */
  readonly probabilities?: Float32Array;
}

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
  /** The class that a photo's path names by a wnid; undefined without one or without a list. */
  labelOf(path: string): number | undefined;
  /** The outputs for pictures of any size, in order. An abort stops before the next picture. */
  run(images: readonly Image[], signal?: AbortSignal): Promise<NetworkOutput[]>;
  /** Ends the threads. */
  dispose(): Promise<void>;
}

/**
 * Loads a network and tries it on a gray picture, so that a wrong manifest is noticed at once.
 * @throws PaletteError when the file is not the one of the manifest, or does not fit it.
 */
export async function openNetwork(
  { manifest, path, model, labels: list }: NetworkFiles,
  { runtime, engines: count = runtime.cores, view = "whole" }: OpenNetworkOptions,
): Promise<FeatureNetwork> {
  const { input, outputs, background } = manifest;
  const digest = await sha256(model);
  if (manifest.sha256 !== undefined && manifest.sha256 !== digest) {
    const remedy = manifest.url
      ? `delete it and run "palette features get ${manifest.name}"`
      : "correct its manifest or replace the file";
    throw new PaletteError(`${path} is not the ${manifest.title} that was expected; ${remedy}.`);
  }
  const labels = parseLabels(outputs.probabilities && list, manifest.classes);
  const shape = [1, 3, input.size, input.size];
  const compute = async (engine: Engine, image: Image): Promise<NetworkOutput> => {
    const tensors = await engine.run({
      [input.name]: { data: preprocess(image, input, view), shape },
    });
    return outputOf((name) => tensors[outputName(name)]?.data, manifest);
  };
  let engines: readonly Engine[] = [];
  const dispose = async () => {
    await Promise.all(engines.map((engine) => engine.dispose()));
  };
  try {
    const extended = withOutputs(withoutLocalResponse(model), manifest);
    engines = await compileSeveral(count, () => runtime.compile(extended, { threads: 1 }));
    const tried = await compute(engines[0]!, createImage(input.size, input.size));
    return {
      manifest,
      digest,
      view,
      featureLength: tried.features?.length,
      classes: tried.probabilities?.length,
      key: JSON.stringify([digest, preprocessingRevision, view, input, outputs, background]),
      labelled: labels.size > 0,
      labelOf: (photo) => labels.get(wnidOf(photo) ?? ""),
      async run(images, signal) {
        const results: NetworkOutput[] = [];
        let next = 0;
        // Each engine takes the next picture as soon as it is free; after a failure none does.
        const work = async (engine: Engine) => {
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
        await Promise.all(engines.map(work));
        return results;
      },
      dispose,
    };
  } catch (thrown) {
    await dispose();
    throw new PaletteError(`${path} does not do what its manifest says: ${reasonOf(thrown)}.`);
  }
}

const outputName = (tensor: string) => `palette/${tensor}`;

/**
 * The ONNX model with further outputs, each an Identity of a tensor that the manifest names, also
 * an inner one. In protobuf, two messages written one after the other are one message with the
 * fields of both; so appending `ModelProto { graph { node, output } }` extends a file without
 * reading it.
 */
export function withOutputs(
  model: Uint8Array,
  { outputs: { features, probabilities } }: Pick<NetworkManifest, "outputs">,
): Uint8Array {
  // Field numbers of onnx.proto: graph 7; in it node 1 (input 1, output 2, op_type 4), output 12.
  const graph = new MessageWriter();
  for (const tensor of new Set([features, probabilities?.name])) {
    if (tensor === undefined) continue;
    const output = outputName(tensor);
    graph
      .message(1, new MessageWriter().string(1, tensor).string(2, output).string(4, "Identity"))
      .message(12, new MessageWriter().string(1, output));
  }
  const addition = new MessageWriter().message(7, graph).finish();
  const extended = new Uint8Array(model.length + addition.length);
  extended.set(model);
  extended.set(addition, model.length);
  return extended;
}

function outputOf(
  dataOf: (tensor: string) => unknown,
  { outputs, classes, background }: NetworkManifest,
): NetworkOutput {
  const numbersOf = (tensor: string): Float32Array => {
    const data = dataOf(tensor);
    if (data instanceof Float32Array && data.every(Number.isFinite)) return data;
    throw new PaletteError(`"${tensor}" does not hold finite numbers as float32`);
  };
  const features = outputs.features && { features: numbersOf(outputs.features) };
  if (outputs.probabilities === undefined) return { ...features };
  const { name, softmax } = outputs.probabilities;
  const scores = numbersOf(name);
  if (scores.length !== classes + background) {
    throw new PaletteError(
      `"${name}" holds ${scores.length} numbers, not ${classes} classes and ${background} background`,
    );
  }
  return { ...features, probabilities: normalized(scores.subarray(background), softmax) };
}

/** Brings the sum to 1: leaving the background out before or after the softmax is the same. */
function normalized(values: Float32Array, softmax: boolean): Float32Array {
  const highest = Math.max(...values);
  const weights = Float64Array.from(values, (v) => (softmax ? Math.exp(v - highest) : v));
  const sum = weights.reduce((a, b) => a + b, 0);
  // Where the background has everything, all classes are equally likely.
  return Float32Array.from(weights, (weight) => (sum > 0 ? weight / sum : 1 / values.length));
}

/** A list of classes (line k is "wnid words" of class k) as wnid -> k; empty without one. */
function parseLabels(list: NetworkFiles["labels"], classes: number): Map<string, number> {
  if (list === undefined) return new Map();
  const lines = list.text.trimEnd().split(/\r?\n/);
  const labels = new Map(lines.map((line, k) => [/^n\d{8}(?= |$)/.exec(line)?.[0] ?? "", k]));
  if (lines.length === classes && labels.size === classes && !labels.has("")) return labels;
  throw new PaletteError(
    `${list.path} lists ${lines.length} classes, but the network has ${classes}: take the list that belongs to it, a line "n01440764 words" each.`,
  );
}

/** The wnid at the start of a file's name (`n01440764_tench.jpg`), or else of its folder's. */
function wnidOf(path: string): string | undefined {
  const [folder = "", file = ""] = ["", ...path.split(/[/\\]/)].slice(-2);
  const wnid = /^n\d{8}(?!\d)/;
  return (wnid.exec(file) ?? wnid.exec(folder))?.[0];
}

/**
 * A network that looks at pictures: features for FID, KID and PD, class probabilities for CA, and for IS
 * beside features.
 * Pictures are computed one at a time, by one engine of one thread on each core: that uses the cores as
 * well as a batch would, takes networks whose batch is fixed at 1, and a picture's numbers are the same
 * to the bit whatever else is computed with it.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { createImage, type Image, toBytes } from "../../image/image.ts";
import { createEngine } from "../../runtime/node/engine.ts";
import type { Engine, EngineTensors } from "../../runtime/runtime.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { readLabels, wnidOf } from "./labels.ts";
import type { FoundNetwork } from "./locate.ts";
import type { NetworkManifest } from "./manifest.ts";
import { withOutputs } from "./onnx-outputs.ts";
import { prepare, type View } from "./preprocess.ts";

/** What a network says of one picture. */
export interface NetworkOutput {
  /** [featureLength] */
  readonly features?: Float32Array;
  /** [classes], summing to 1, without the background: number k is class k of the list of classes. */
  readonly probabilities?: Float32Array;
}

export interface RunOptions {
  /** Stops before the next picture; `run` throws its reason. */
  readonly signal?: AbortSignal;
  /** Called when a picture is done, in no particular order; `run` waits for what it returns. */
  readonly onOutput?: (index: number, output: NetworkOutput) => void | Promise<void>;
}

export interface FeatureNetwork {
  readonly manifest: NetworkManifest;
  /** SHA-256 of the ONNX file, in hexadecimal. */
  readonly digest: string;
  /** What it is shown of a picture. */
  readonly view: View;
  /** Numbers of one picture's features; undefined when the network gives none. */
  readonly featureLength?: number;
  /** Classes without the background; undefined when the network gives no probabilities. */
  readonly classes?: number;
  /** Whether there is a list of its classes. */
  readonly labelled: boolean;
  /**
   * The class a photo's path names by a wnid at the start of its file's or its folder's name; undefined
   * when it names none or the list of classes is missing.
   */
  labelOf(path: string): number | undefined;
  /** SetFeatures at pictures of any size; output i belongs to picture i. */
  run(images: readonly Image[], options?: RunOptions): Promise<NetworkOutput[]>;
  /** Ends the threads. */
  dispose(): Promise<void>;
}

/**
 * Loads a network and tries it on a gray picture, so that a manifest that does not fit is noticed now.
 * @param options.threads how many pictures are computed at a time; default: one a core
 * @param options.view what it is shown of a picture: all of it ("whole", default), or the middle that its
 * training showed it ("middle"), which its accuracy is of
 * @throws PaletteError when the file is missing, is not the one the manifest means, or does not do
 * what the manifest says.
 */
export async function openNetwork(
  found: FoundNetwork,
  options: { readonly threads?: number; readonly view?: View } = {},
): Promise<FeatureNetwork> {
  const { threads = availableParallelism(), view = "whole" } = options;
  const { manifest, path } = found;
  const file = await readNetwork(path);
  const digest = createHash("sha256").update(file).digest("hex");
  if (manifest.sha256 !== undefined && manifest.sha256 !== digest) {
    const remedy = manifest.url
      ? `delete it and run "palette nets get ${manifest.name}"`
      : `correct its manifest or replace the file`;
    throw new PaletteError(`${path} is not the ${manifest.title} that was expected; ${remedy}.`);
  }
  const labels =
    found.labels && manifest.outputs.probabilities
      ? await readLabels(found.labels, manifest.classes)
      : new Map<string, number>();
  const model = withOutputs(file, outputNames(manifest), path);
  const engines = await openEngines(model, Math.max(1, threads), path);
  const dispose = async () => {
    await Promise.all(engines.map((engine) => engine.dispose()));
  };

  const look = async (engine: Engine, image: Image): Promise<NetworkOutput> => {
    const { input } = manifest;
    const data = await prepare(toBytes(image), image, input, view);
    const shape = [1, 3, input.size, input.size];
    return outputOf(await engine.run({ [input.name]: { data, shape } }), manifest, path);
  };

  let first: NetworkOutput;
  try {
    first = await look(engines[0]!, createImage(manifest.input.size, manifest.input.size));
  } catch (thrown) {
    await dispose();
    if (thrown instanceof PaletteError) throw thrown;
    throw new PaletteError(`${path} does not do what its manifest says: ${reasonOf(thrown)}.`);
  }

  return {
    manifest,
    digest,
    view,
    featureLength: first.features?.length,
    classes: first.probabilities?.length,
    labelled: labels.size > 0,
    labelOf: (photo) => labels.get(wnidOf(photo) ?? ""),
    async run(images, { signal, onOutput } = {}) {
      const outputs = new Array<NetworkOutput>(images.length);
      let next = 0;
      const lane = async (engine: Engine) => {
        while (next < images.length) {
          signal?.throwIfAborted();
          const index = next++;
          try {
            outputs[index] = await look(engine, images[index]!);
            await onOutput?.(index, outputs[index]!);
          } catch (thrown) {
            // The other lanes need not go on for results that nobody will get.
            next = images.length;
            throw thrown;
          }
        }
      };
      const lanes = await Promise.allSettled(engines.map(lane));
      for (const result of lanes) if (result.status === "rejected") throw result.reason;
      return outputs;
    },
    dispose,
  };
}

async function readNetwork(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new PaletteError(`Cannot read the network ${path}: ${reasonOf(thrown)}.`);
  }
}

async function openEngines(model: Uint8Array, count: number, path: string): Promise<Engine[]> {
  const opened = await Promise.allSettled(
    Array.from({ length: count }, () => createEngine(model, { threads: 1 })),
  );
  const engines = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = opened.find((one) => one.status === "rejected");
  if (failed === undefined) return engines;
  await Promise.all(engines.map((engine) => engine.dispose()));
  throw new PaletteError(`${path} cannot be used: ${reasonOf(failed.reason)}.`);
}

function outputNames({ outputs: { features, probabilities } }: NetworkManifest): string[] {
  return [features, probabilities?.name].filter((name) => name !== undefined);
}

function outputOf(tensors: EngineTensors, manifest: NetworkManifest, path: string): NetworkOutput {
  const { outputs, classes, background } = manifest;
  const numbersOf = (name: string): Float32Array => {
    const data = tensors[name]?.data;
    if (!(data instanceof Float32Array)) {
      throw new PaletteError(
        `${path}: its output "${name}" is not float32; use a float32 network.`,
      );
    }
    if (!data.every(Number.isFinite)) {
      throw new PaletteError(`${path} gives numbers that are not finite; use another network.`);
    }
    return data;
  };
  let probabilities: Float32Array | undefined;
  if (outputs.probabilities !== undefined) {
    const { name, softmax } = outputs.probabilities;
    const all = numbersOf(name);
    if (all.length !== classes + background) {
      throw new PaletteError(
        `${path}: "${name}" holds ${all.length} numbers, but its manifest says ${classes} classes and ${background} background.`,
      );
    }
    probabilities = normalized(all.subarray(background), softmax);
  }
  const features = outputs.features === undefined ? undefined : numbersOf(outputs.features);
  return { ...(features && { features }), ...(probabilities && { probabilities }) };
}

/** Leaving the background out before or after the softmax is the same: the sum is brought to 1. */
function normalized(values: Float32Array, softmax: boolean): Float32Array {
  const highest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = Float64Array.from(values, (v) => (softmax ? Math.exp(v - highest) : v));
  const sum = weights.reduce((a, b) => a + b, 0);
  // Nothing but background: no class is likelier than another.
  if (!(sum > 0)) return new Float32Array(values.length).fill(1 / values.length);
  return Float32Array.from(weights, (weight) => weight / sum);
}

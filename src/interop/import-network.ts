/**
 * Imports a network of the public PyTorch re-implementation of Palette
 * (Janspiry/Palette-Image-to-Image-Diffusion-Models): its weights under our names, and its habits
 * in the model's configuration.
 */
import { basename } from "node:path";
import { type ModelConfig, modelFormat } from "../models/config.ts";
import type { Model } from "../models/model.ts";
import { isUNet, type UNetConfig, uNetConfig } from "../nn/config.ts";
import type { NetworkConfig } from "../nn/network.ts";
import { type ParameterSpec, parameterCount, writeParameter } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import type { TaskName } from "../tasks/registry.ts";
import { PaletteError } from "../util/errors.ts";
import { type Architecture, architectureOf } from "./architecture.ts";
import { janspirySampler, peculiarities } from "./compat-notes.ts";
import { findNetwork, type WeightKind } from "./find-network.ts";
import { type Weights, withWeights } from "./open.ts";
import {
  checkAgainst,
  headChannelsOf,
  type RepositoryConfig,
  readRepositoryConfig,
} from "./repository-config.ts";
import { chooseSchedules, scheduleBuffers } from "./schedules.ts";
import type { NamedTensor } from "./state-dict.ts";
import { theirName, theirShape } from "./state-dict-keys.ts";

export const projectName = "Janspiry/Palette-Image-to-Image-Diffusion-Models";

/** What the published configurations have, and weights do not tell. */
const published = { resolution: 256, headChannels: 32 };

export interface ImportOptions {
  /** The repository's configuration, a file of JSON with comments. */
  readonly config?: string;
  /** Side of the pictures the network was trained on; before the configuration's. */
  readonly resolution?: number;
  /** What it was trained for; before the configuration's. Default: inpainting. */
  readonly tasks?: readonly TaskName[];
  /**
   * The averaged weights ("ema") or those as trained ("raw"); default: averaged where there are
   * any.
   */
  readonly weights?: WeightKind;
  /** The model's name; default: the file's, without its end. */
  readonly name?: string;
  /** Called after each tensor. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A model ready to be saved; the notes (also `model.config.origin.notes`) say what was assumed. */
export interface ImportedNetwork {
  readonly model: Model;
  readonly notes: readonly string[];
}

/**
 * Reads a checkpoint (`N_Network.pth`, `N_Network_ema.pth`, a safetensors file with the same names)
 * or a file of `exportSafetensors`. No code in the file runs. The network's output equals PyTorch's
 * up to rounding.
 * @param path the checkpoint
 * @throws PaletteError in one line, saying what the file is or which part of it is not supported.
 */
export async function importNetwork(
  path: string,
  options: ImportOptions = {},
): Promise<ImportedNetwork> {
  const theirs = options.config ? await readRepositoryConfig(options.config) : undefined;
  return withWeights(path, (weights) =>
    weights.exported && holdsOwn(weights.tensors, weights.exported.network)
      ? importOwn(path, weights.tensors, weights.exported, options)
      : importTheirs(path, weights, theirs, options),
  );
}

async function importTheirs(
  path: string,
  { tensors, exported }: Weights,
  theirs: RepositoryConfig | undefined,
  options: ImportOptions,
): Promise<ImportedNetwork> {
  const found = findNetwork(tensors, path, options.weights);
  const shapes = new Map([...found.tensors].map(([name, { shape }]) => [name, shape]));
  const architecture = architectureOf(shapes, path);
  if (theirs) checkAgainst(theirs, architecture);
  const network = networkOf(path, architecture, theirs, exported, options);
  checkTensors(path, found.tensors, network);
  const parameters = await readParameters(network, options, async (spec) => {
    const name = theirName(spec.name, network);
    const values = await readFinite(path, found.tensors, name);
    const ordered = theirs?.unet.use_new_attention_order === true && /\.qkv\./.test(name);
    return ordered ? headByHead(values, spec, network) : values;
  });
  const buffers = new Map<string, Float32Array>();
  for (const name of scheduleBuffers) {
    const tensor = found.others.get(name);
    if (tensor !== undefined) buffers.set(name, await tensor.read());
  }
  const schedules = chooseSchedules(buffers, theirs, exported, path);
  const notes = [
    ...found.notes,
    ...(exported ? [] : peculiarities(network, architecture, theirs, options)),
    ...schedules.notes,
  ];
  const tasks = options.tasks ?? (theirs?.task ? [theirs.task] : (exported?.tasks ?? ["inpaint"]));
  const common = {
    name: options.name ?? nameOf(path),
    network,
    trainingSchedule: schedules.training,
    inferenceSchedule: schedules.inference,
    tasks: [...tasks],
  };
  const config: ModelConfig = exported
    ? { ...exported, ...common }
    : {
        format: modelFormat,
        ...common,
        objective: { prediction: "epsilon" },
        ddpm: janspirySampler,
        origin: { project: projectName, file: basename(path), notes },
      };
  return { model: { config, parameters }, notes };
}

/** Whether these are our names and shapes of all the network's parameters, and nothing else. */
function holdsOwn(tensors: ReadonlyMap<string, NamedTensor>, network: NetworkConfig): boolean {
  const specs = parameterSpecs(network);
  return (
    specs.length === tensors.size &&
    specs.every(({ name, shape }) => tensors.get(name)?.shape.join() === shape.join())
  );
}

/** A model exported under our names, which is as its configuration says. */
async function importOwn(
  path: string,
  tensors: ReadonlyMap<string, NamedTensor>,
  exported: ModelConfig,
  options: ImportOptions,
): Promise<ImportedNetwork> {
  const { config, resolution, tasks = exported.tasks, name = nameOf(path) } = options;
  if ((config ?? resolution ?? options.weights) !== undefined) {
    throw new PaletteError(
      `${path} was exported by this package and holds one model with its own configuration: leave out --config, --resolution and --weights.`,
    );
  }
  const parameters = await readParameters(exported.network, options, (spec) =>
    readFinite(path, tensors, spec.name),
  );
  return { model: { config: { ...exported, name, tasks: [...tasks] }, parameters }, notes: [] };
}

async function readParameters(
  network: NetworkConfig,
  { onProgress }: ImportOptions,
  read: (spec: ParameterSpec) => Promise<Float32Array>,
): Promise<Float32Array> {
  const specs = parameterSpecs(network);
  const parameters = new Float32Array(parameterCount(specs));
  for (const [i, spec] of specs.entries()) {
    writeParameter(parameters, spec, await read(spec));
    onProgress?.(i + 1, specs.length);
  }
  return parameters;
}

async function readFinite(
  path: string,
  tensors: ReadonlyMap<string, NamedTensor>,
  name: string,
): Promise<Float32Array> {
  const values = await tensors.get(name)!.read();
  // In float64 no sum of finite float32 numbers overflows.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  if (Number.isFinite(sum)) return values;
  throw new PaletteError(`${path} is damaged: ${name} holds what is no number; get it again.`);
}

function nameOf(path: string): string {
  return basename(path).replace(/\.[^.]+$/, "");
}

function networkOf(
  path: string,
  found: Architecture,
  theirs: RepositoryConfig | undefined,
  exported: ModelConfig | undefined,
  options: ImportOptions,
): UNetConfig {
  const known = exported && isUNet(exported.network) ? exported.network : undefined;
  const resolution =
    options.resolution ?? theirs?.resolution ?? known?.resolution ?? published.resolution;
  const headChannels = theirs
    ? headChannelsOf(theirs, found)
    : (known?.headChannels ?? published.headChannels);
  const multiple = 2 ** (found.multipliers.length - 1);
  if (resolution % multiple !== 0) {
    throw new PaletteError(
      `${path} has ${found.multipliers.length} levels: its resolution is a multiple of ${multiple}, not ${resolution}; say another --resolution.`,
    );
  }
  const parsed = uNetConfig.safeParse({
    resolution,
    channels: found.channels,
    base: found.base,
    multipliers: found.multipliers,
    blocks: found.blocks,
    attention: found.attentionLevels.map((level) => resolution / 2 ** level),
    headChannels,
    resampling: found.resampling,
    groups: 32,
    embedding: known?.embedding ?? "gamma",
  });
  if (parsed.success) return parsed.data;
  const reason = parsed.error.issues[0]!.message;
  const what = /heads/.test(reason)
    ? "give the --config with its own num_head_channels"
    : "this network is not supported";
  throw new PaletteError(`${path}: ${reason}; ${what}.`);
}

/** @throws PaletteError unless all parameters are there with their shapes, and nothing else. */
function checkTensors(
  path: string,
  tensors: ReadonlyMap<string, NamedTensor>,
  network: UNetConfig,
): void {
  const left = new Set(tensors.keys());
  for (const spec of parameterSpecs(network)) {
    const name = theirName(spec.name, network);
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new PaletteError(
        `${path} is not complete: the tensor ${name} is missing; save the whole state dict.`,
      );
    }
    const expected = theirShape(spec);
    if (withoutOnes(tensor.shape) !== withoutOnes(expected)) {
      throw new PaletteError(
        `${path} holds a variant of the network that is not supported: ${name} has the shape [${tensor.shape.join(", ")}] where [${expected.join(", ")}] is expected.`,
      );
    }
    left.delete(name);
  }
  for (const name of left) {
    throw new PaletteError(
      `${path} holds a variant of the network that is not supported: it has a tensor ${name}, which has no place in ours.`,
    );
  }
}

/** 1x1 convolutions are written with one axis, with two or as a matrix: the same numbers. */
function withoutOnes(shape: readonly number[]): string {
  return shape.filter((side) => side !== 1).join();
}

/**
 * From all queries, all keys, all values (`use_new_attention_order`) to query, key, value of each
 * head.
 */
function headByHead(
  values: Float32Array,
  { shape }: ParameterSpec,
  { headChannels }: UNetConfig,
): Float32Array {
  const rows = shape[0]!;
  const width = values.length / rows;
  const channels = rows / 3;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const head = Math.floor(row / (3 * headChannels));
    const part = Math.floor(row / headChannels) % 3;
    const from = part * channels + head * headChannels + (row % headChannels);
    out.set(values.subarray(from * width, (from + 1) * width), row * width);
  }
  return out;
}

/**
 * Imports a network of the public PyTorch re-implementation of Palette
 * (Janspiry/Palette-Image-to-Image-Diffusion-Models): its weights under our names, and its habits
 * in the model's configuration.
 */
import { basename } from "node:path";
import {
  inferenceScheduleConfig,
  type ScheduleConfig,
  trainingScheduleConfig,
} from "../diffusion/schedule.ts";
import { PaletteError } from "../errors.ts";
import { type ModelConfig, modelFormat } from "../models/config.ts";
import type { Model } from "../models/model-folder.ts";
import { type UNetConfig, uNetConfig } from "../nn/config.ts";
import { type ParameterSpec, parameterCount, writeParameter } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/unet.ts";
import type { TaskName } from "../tasks/task.ts";
import { type Architecture, architectureOf } from "./architecture.ts";
import { scheduleBuffers, theirName, theirShape } from "./names.ts";
import { type OpenWeights, openWeights } from "./open-weights.ts";
import {
  checkAgainst,
  headChannelsOf,
  type RepositoryConfig,
  readRepositoryConfig,
} from "./repository-config.ts";
import {
  describeSchedule,
  type FoundSchedule,
  scheduleOfBuffers,
  scheduleOfConfig,
} from "./schedules.ts";
import { type FoundNetwork, findNetwork, type NamedTensor } from "./state-dict.ts";

export const projectName = "Janspiry/Palette-Image-to-Image-Diffusion-Models";

/** What the published configurations have, and weights do not tell. */
const published = { resolution: 256, headChannels: 32 };

export interface ImportOptions {
  /** The repository's configuration, a file of JSON with comments. */
  readonly config?: string | undefined;
  /** Side of the pictures the network was trained on; before the configuration's. */
  readonly resolution?: number | undefined;
  /** What it was trained for; before the configuration's. Default: inpainting. */
  readonly tasks?: readonly TaskName[] | undefined;
  /** The model's name; default: the file's, without its end. */
  readonly name?: string | undefined;
  /** Called after each tensor. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A model ready to be saved; `model.config.origin.notes` says what is peculiar or was assumed. */
export interface ImportedNetwork {
  readonly model: Model;
  readonly notes: readonly string[];
}

/**
 * Reads a checkpoint (`N_Network.pth`, `N_Network_ema.pth`, or a safetensors file with the same names).
 * No code of the file is carried out. The network's output is the one PyTorch gives, to rounding.
 * @throws PaletteError in one line, saying what the file is or which part of it is not supported.
 */
export async function importNetwork(
  path: string,
  options: ImportOptions = {},
): Promise<ImportedNetwork> {
  const theirs = options.config ? await readRepositoryConfig(options.config) : undefined;
  const weights = await openWeights(path);
  try {
    return await importOpened(path, weights, theirs, options);
  } finally {
    await weights.close();
  }
}

async function importOpened(
  path: string,
  weights: OpenWeights,
  theirs: RepositoryConfig | undefined,
  options: ImportOptions,
): Promise<ImportedNetwork> {
  const found = findNetwork(weights.tensors, path);
  const shapes = new Map([...found.tensors].map(([name, { shape }]) => [name, shape]));
  const architecture = architectureOf(shapes, path);
  if (theirs) checkAgainst(theirs, architecture);
  const network = networkOf(path, architecture, theirs, weights.exported, options);
  const specs = checkTensors(path, found.tensors, network);
  const parameters = new Float32Array(parameterCount(specs));
  for (const [i, spec] of specs.entries()) {
    const name = theirName(spec.name, network);
    const values = await found.tensors.get(name)!.read();
    if (!allFinite(values)) {
      throw new PaletteError(`${path} is damaged: ${name} holds what is no number; get it again.`);
    }
    const qkv = theirs?.unet.use_new_attention_order === true && /\.qkv\./.test(name);
    writeParameter(parameters, spec, qkv ? headByHead(values, spec, network) : values);
    options.onProgress?.(i + 1, specs.length);
  }
  const schedules = await schedulesOf(path, found, theirs, weights.exported);
  const notes = [
    ...peculiarities(network, architecture, theirs, weights.exported, options),
    ...schedules.notes,
  ];
  const { exported } = weights;
  const tasks = options.tasks ?? (theirs?.task ? [theirs.task] : (exported?.tasks ?? ["inpaint"]));
  const common = {
    name: options.name ?? basename(path).replace(/\.[^.]+$/, ""),
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
        prediction: "epsilon",
        regression: false,
        ddpm: theirSampling,
        origin: { project: projectName, file: basename(path), notes },
      };
  return { model: { config, parameters }, notes };
}

/** Their `p_sample` and `restoration` (models/network.py, models/model.py). */
const theirSampling = {
  variance: "posterior",
  clip: true,
  start: "source",
  belowTrained: true,
} as const;

function networkOf(
  path: string,
  found: Architecture,
  theirs: RepositoryConfig | undefined,
  exported: ModelConfig | undefined,
  options: ImportOptions,
): UNetConfig {
  const resolution =
    options.resolution ??
    theirs?.resolution ??
    exported?.network.resolution ??
    published.resolution;
  const headChannels = theirs
    ? headChannelsOf(theirs, found)
    : (exported?.network.headChannels ?? published.headChannels);
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
    embedding: exported?.network.embedding ?? "gamma",
  });
  if (parsed.success) return parsed.data;
  const reason = parsed.error.issues[0]!.message;
  const what = /heads/.test(reason)
    ? "give the --config with its own num_head_channels"
    : "this network is not supported";
  throw new PaletteError(`${path}: ${reason}; ${what}.`);
}

/** The parameters of the network; all of them must be there with their shapes, and nothing else. */
function checkTensors(
  path: string,
  tensors: ReadonlyMap<string, NamedTensor>,
  network: UNetConfig,
): ParameterSpec[] {
  const specs = parameterSpecs(network);
  const left = new Set(tensors.keys());
  for (const spec of specs) {
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
  return specs;
}

/** 1x1 convolutions are written with one axis, with two or as a matrix: the same numbers. */
function withoutOnes(shape: readonly number[]): string {
  return shape.filter((side) => side !== 1).join();
}

function allFinite(values: Float32Array): boolean {
  // A sum is finite where all numbers are, unless they are no weights at all.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return Number.isFinite(sum);
}

/** From all queries, all keys, all values (`use_new_attention_order`) to query, key, value of each head. */
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

async function schedulesOf(
  path: string,
  { others }: FoundNetwork,
  theirs: RepositoryConfig | undefined,
  exported: ModelConfig | undefined,
): Promise<{ training: ScheduleConfig; inference: ScheduleConfig; notes: string[] }> {
  const buffers = new Map<string, Float32Array>();
  for (const name of scheduleBuffers) {
    const tensor = others.get(name);
    if (tensor !== undefined) buffers.set(name, await tensor.read());
  }
  const notes: string[] = [];
  const said = (which: "train" | "test"): FoundSchedule | undefined => {
    const schedule = theirs?.schedules[which];
    return schedule && scheduleOfConfig(schedule, theirs.source);
  };
  const own = scheduleOfBuffers(buffers, path);
  const [train, test] = [said("train"), said("test")];
  // A state dict written while testing holds the test schedule.
  const ownIsTest = same(own, test) && !same(own, train);
  const training = (ownIsTest ? undefined : own) ?? train;
  const inference = test;
  if (own && !ownIsTest && train && !same(own, train)) {
    notes.push(
      `The configuration's training schedule (${describeSchedule(train.config)}) is not the one beside the weights, which is used.`,
    );
  }
  for (const [name, schedule] of [
    ["training", training],
    ["inference", inference],
  ] as const) {
    if (schedule && !schedule.exact) {
      notes.push(`The ${name} schedule is replaced by a linear one with the same ends.`);
    }
    if (!schedule && !exported) {
      notes.push(`The ${name} schedule is assumed to be the published one.`);
    }
  }
  return {
    training: training?.config ?? exported?.trainingSchedule ?? trainingScheduleConfig,
    inference: inference?.config ?? exported?.inferenceSchedule ?? inferenceScheduleConfig,
    notes,
  };
}

function same(a: FoundSchedule | undefined, b: FoundSchedule | undefined): boolean {
  if (a === undefined || b === undefined || a.config.steps !== b.config.steps) return false;
  const near = (x: number, y: number) => Math.abs(x - y) <= 0.05 * Math.max(x, y);
  return near(a.config.betaFirst, b.config.betaFirst) && near(a.config.betaLast, b.config.betaLast);
}

/** What differs from the paper or had to be assumed, a sentence each. */
function peculiarities(
  network: UNetConfig,
  found: Architecture,
  theirs: RepositoryConfig | undefined,
  exported: ModelConfig | undefined,
  options: ImportOptions,
): string[] {
  if (exported !== undefined) return [];
  const factors = found.attentionLevels.map((level) => 2 ** level);
  const notes = [
    `Attention stands by down-sampling factor (attn_res), here at ${factors.length > 0 ? `${factors.join(", ")} and ` : ""}the middle's ${2 ** (found.multipliers.length - 1)}, whatever the resolution.`,
    "The noise level enters as gamma itself, in sinusoids of periods from 2 pi to 20,000 pi.",
    "Its own sampler, ddpm here, adds noise of the posterior variance, clips each estimate to [-1, 1], starts from the source with the noise in its hole, and walks all levels of the inference schedule.",
  ];
  const unused = theirs?.unet.attn_res?.filter((one) => !factors.includes(one)) ?? [];
  if (unused.length > 0) {
    notes.push(`attn_res ${unused.join(", ")} is no down-sampling factor of it and has no effect.`);
  }
  if (theirs === undefined) {
    notes.push(
      `Heads of ${network.headChannels} channels are assumed, as in the published configurations (--config says).`,
    );
  }
  if (theirs?.unet.use_new_attention_order) {
    notes.push("Its queries, keys and values were put in order head by head.");
  }
  if (options.resolution === undefined && theirs?.resolution === undefined) {
    notes.push(`${network.resolution} pixels are assumed (--config or --resolution says).`);
  }
  return notes;
}

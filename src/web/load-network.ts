/** Networks from model folders behind a URL, on onnxruntime-web. */
import { type ModelConfig, parseModelConfig } from "../models/config.ts";
import {
  configFile,
  type Model,
  readModel,
  type StoredModel,
  weightsFile,
  weightsOf,
} from "../models/model.ts";
import { createNetwork, type Network, type NetworkOptions } from "../runtime/network.ts";
import type { Device } from "../runtime/runtime.ts";
import { webRuntime } from "../runtime/web/index.ts";
import { affordableEngines } from "./memory.ts";
import { get, urlSource } from "./url-source.ts";

/**
 * A model folder behind a URL, as `palette train` writes it: config.json and weights.safetensors.
 * The weights are fetched when they are asked for.
 * @throws PaletteError when the config cannot be fetched or read.
 */
export async function openModel(url: string): Promise<StoredModel> {
  const folder = url.endsWith("/") ? url : `${url}/`;
  const [config, weights] = [`${folder}${configFile}`, `${folder}${weightsFile}`];
  const response = await get(config);
  return {
    config: parseModelConfig(await response.text(), config),
    weights: weightsOf(() => urlSource(weights), weights),
  };
}

/** Fetches a model with its weights; throws as `openModel`, and when the weights are not its. */
export async function loadModel(url: string): Promise<Model> {
  return readModel(await openModel(url));
}

export interface WebNetworkOptions extends NetworkOptions {
  /** Bytes that the tab may take (default 1e9): it decides how many engines there are. */
  readonly memoryBudget?: number;
}

/**
 * Loads a model from a URL, or takes one, for calling. `threads` is the number of engines in Web
 * Workers: unless given, as many as the machine has cores and a third of the memory budget holds;
 * of a GPU one.
 * @throws PaletteError as `loadModel`.
 */
export async function loadNetwork(
  model: string | Model | StoredModel,
  { memoryBudget, ...options }: WebNetworkOptions = {},
): Promise<Network> {
  const opened = typeof model === "string" ? await openModel(model) : model;
  const threads = options.threads ?? defaultEngines(opened.config, options.device, memoryBudget);
  return createNetwork(webRuntime, opened, { ...options, threads });
}

/** Engines side by side, unless told otherwise. */
export function defaultEngines(
  config: ModelConfig,
  device: Device = "cpu",
  memoryBudget?: number,
): number {
  if (device !== "cpu") return 1;
  return Math.min(webRuntime.cores, affordableEngines(config, memoryBudget));
}

/** Networks from model folders behind a URL, on onnxruntime-web. */
import { parseModelConfig } from "../models/config.ts";
import {
  configFile,
  type Model,
  readModel,
  type StoredModel,
  weightsFile,
  weightsOf,
} from "../models/model.ts";
import { createNetwork, type Network, type NetworkOptions } from "../runtime/network.ts";
import { webRuntime } from "../runtime/web/index.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
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

/**
 * Loads a model from a URL, or takes a model in memory, for calling.
 * @param options.threads engines in Web Workers; default: as many as the machine has cores, of a
 * GPU one
 * @throws PaletteError as `loadModel`.
 */
export async function loadNetwork(
  model: string | Model | StoredModel,
  options: NetworkOptions = {},
): Promise<Network> {
  return createNetwork(
    webRuntime,
    typeof model === "string" ? await openModel(model) : model,
    options.device === "webgpu" ? { threads: 1, ...omitUndefined(options) } : options,
  );
}

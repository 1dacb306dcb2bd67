/** Networks from model folders, on onnxruntime-node. */
import type { Model, StoredModel } from "../models/model.ts";
import { createNetwork, type Network, type NetworkOptions } from "../runtime/network.ts";
import { nodeRuntime } from "../runtime/node/index.ts";
import { openModel } from "./model-folder.ts";

/**
 * Loads a model folder, or takes a model in memory, for calling.
 * @param options.threads of all engines together; default: as many as the machine has cores
 * @throws PaletteError as `loadModel`, and when the network would not fit in memory.
 */
export async function loadNetwork(
  model: string | Model | StoredModel,
  options: NetworkOptions = {},
): Promise<Network> {
  return createNetwork(
    nodeRuntime,
    typeof model === "string" ? await openModel(model) : model,
    options,
  );
}

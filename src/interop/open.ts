/** Weights by name out of a file: a checkpoint of PyTorch, or safetensors. */
import { type ModelConfig, parseModelConfig } from "../models/config.ts";
import { decodeSafetensors } from "../models/safetensors.ts";
import { readRange } from "../node/read-range.ts";
import { openFile, readCheckpoint, type WeightsFile } from "./pytorch/torch-file.ts";
import { type NamedTensor, stateDictOf } from "./state-dict.ts";

/** The key of the metadata under which an exported file carries the model's configuration. */
export const configKey = "palette-diffusion.config";

export interface Weights {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** The configuration of the model that the file was exported from, if we exported it. */
  readonly exported?: ModelConfig;
}

/**
 * What `use` makes of a file's weights; the file is open meanwhile.
 * @throws PaletteError saying what the file is, if it holds no weights
 */
export async function withWeights<T>(
  path: string,
  use: (weights: Weights) => Promise<T>,
): Promise<T> {
  const file = await openFile(path);
  try {
    return await use(file.kind === "safetensors" ? await ofSafetensors(file) : await ofTorch(file));
  } finally {
    await file.handle.close();
  }
}

async function ofTorch(file: WeightsFile): Promise<Weights> {
  const { value, read } = await readCheckpoint(file);
  const named = [...stateDictOf(value, file.path)].map(([name, tensor]): [string, NamedTensor] => [
    name,
    { shape: tensor.shape, read: () => read(tensor) },
  ]);
  return { tensors: new Map(named) };
}

async function ofSafetensors({ path, handle, size }: WeightsFile): Promise<Weights> {
  const { tensors, metadata } = decodeSafetensors(await readRange(handle, 0, size, path), path);
  const text = metadata[configKey];
  return {
    tensors: new Map(
      [...tensors].map(([name, { shape, data }]) => [name, { shape, read: async () => data }]),
    ),
    exported: text === undefined ? undefined : parseModelConfig(text, `${path} (metadata)`),
  };
}

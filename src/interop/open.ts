/** Weights by name out of a file: a checkpoint of PyTorch, or safetensors. */
import { open } from "node:fs/promises";
import { type ModelConfig, parseModelConfig } from "../models/config.ts";
import { decodeSafetensors } from "../models/safetensors.ts";
import { PaletteError } from "../util/errors.ts";
import { readRange } from "./pytorch/archive.ts";
import { kindOfFile } from "./pytorch/file-kind.ts";
import { openCheckpoint } from "./pytorch/torch-file.ts";
import { type NamedTensor, stateDictOf } from "./state-dict.ts";

/** The key of the metadata under which an exported file carries the model's configuration. */
export const configKey = "palette-diffusion.config";

export interface OpenWeights {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** The configuration of the model that the file was exported from, if it was exported by us. */
  readonly exported?: ModelConfig | undefined;
  close(): Promise<void>;
}

/** @throws PaletteError saying what the file is, if it holds no weights */
export async function openWeights(path: string): Promise<OpenWeights> {
  const safetensors = await readSafetensors(path);
  if (safetensors !== undefined) return safetensors;
  const checkpoint = await openCheckpoint(path);
  try {
    const tensors = new Map<string, NamedTensor>();
    for (const [name, tensor] of stateDictOf(checkpoint.value, path)) {
      tensors.set(name, { shape: tensor.shape, read: () => checkpoint.read(tensor) });
    }
    return { tensors, close: () => checkpoint.close() };
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}

/** Undefined when the file is of another kind, or there is none. */
async function readSafetensors(path: string): Promise<OpenWeights | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const facts = await file.stat();
    if (!facts.isFile()) return undefined;
    const head = await readRange(file, 0, Math.min(facts.size, 4096), path);
    if (kindOfFile(head).type !== "safetensors") return undefined;
    const { tensors, metadata } = decodeSafetensors(
      await readRange(file, 0, facts.size, path),
      path,
    );
    const text = metadata[configKey];
    return {
      tensors: new Map(
        [...tensors].map(([name, { shape, data }]) => [name, { shape, read: async () => data }]),
      ),
      exported: text === undefined ? undefined : parseModelConfig(text, `${path} (metadata)`),
      async close() {},
    };
  } catch (error) {
    if (error instanceof PaletteError) throw error;
    return undefined;
  } finally {
    await file.close();
  }
}

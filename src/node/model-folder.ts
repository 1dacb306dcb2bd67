/** A model on disk: a folder with config.json and weights.safetensors. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ModelConfig, parseModelConfig } from "../models/config.ts";
import {
  configFile,
  type Model,
  readModel,
  type StoredModel,
  type WeightSource,
  weightsFile,
  weightsOf,
} from "../models/model.ts";
import { presets } from "../models/presets.ts";
import type { DType } from "../models/safetensors.ts";
import { parameterCount, readParameter } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { writeAtomically } from "./atomic-write.ts";
import { readToEnd } from "./regular-file.ts";
import { fileSource, writeSafetensors } from "./safetensors-file.ts";

/** Where this package keeps the models it comes with; the same from the sources and when built. */
const bundledModelsFolder = fileURLToPath(new URL("../../models", import.meta.url));

/**
 * Writes a model folder, replacing the one that is there. Each file appears whole or not at all;
 * the weights come first, so that a folder with a config.json has weights.
 * @param options.dtype how the weights are stored; default "F32"
 * @throws PaletteError when the parameters do not fit the config, a weight is too large for F16, or
 * the folder cannot be written.
 */
export async function saveModel(
  folder: string,
  { config, parameters }: Model,
  options: { readonly dtype?: DType } = {},
): Promise<void> {
  const { dtype = "F32" } = options;
  const specs = parameterSpecs(config.network);
  if (parameters.length !== parameterCount(specs)) {
    throw new PaletteError(
      `The network has ${parameterCount(specs)} parameters, but ${parameters.length} were given to save.`,
    );
  }
  const tensors = specs.map((spec) => ({ ...spec, data: () => readParameter(parameters, spec) }));
  await writeSafetensors(join(folder, weightsFile), tensors, { dtype });
  await writeAtomically(join(folder, configFile), `${JSON.stringify(config, undefined, 2)}\n`);
}

/**
 * Reads a model folder.
 * @throws PaletteError in one line: a file is missing, damaged or from a newer version, or the
 * weights are of another network.
 */
export async function loadModel(folder: string): Promise<Model> {
  return readModel(await openModel(folder));
}

/** A model folder whose weights are read when they are asked for; throws as `loadModel`. */
export async function openModel(folder: string): Promise<StoredModel> {
  return { config: await loadModelConfig(folder), weights: folderWeights(folder) };
}

/** The weights of a model folder. */
export function folderWeights(folder: string): WeightSource {
  const path = join(folder, weightsFile);
  const open = () =>
    fileSource(path).catch((thrown) => {
      throw unreadable(path, thrown);
    });
  return weightsOf(open, path);
}

/** The config of a model folder alone; throws as `loadModel`. */
export async function loadModelConfig(folder: string): Promise<ModelConfig> {
  if (!(await isFolder(folder))) throw await noSuchModel(folder);
  const path = join(folder, configFile);
  const models = (await isThere(path)) ? [] : await modelsIn(folder);
  if (models.length > 0) {
    const which = models.length === 1 ? "a model" : `${models.length} models`;
    throw new PaletteError(
      `${folder} holds ${which}, ${models.join(", ")}: name one, as ${join(folder, models[0]!)}.`,
    );
  }
  const text = new TextDecoder().decode(await readPart(path));
  try {
    return parseModelConfig(text, path);
  } catch (thrown) {
    const inside = join(folder, "model");
    if (!(await isFolder(inside))) throw thrown;
    throw new PaletteError(`${folder} is the folder of a training: its model is ${inside}.`);
  }
}

/**
 * The folder of a model: a path, a zip of one (which is unpacked into the user's cache), the name
 * of a bundled model, or, without either, the newest bundled model.
 * @throws PaletteError listing the bundled models when there is none such, or when the zip holds no
 * model.
 */
export async function findModel(nameOrFolder?: string): Promise<string> {
  if (nameOrFolder !== undefined) {
    if (await isFolder(nameOrFolder)) return nameOrFolder;
    if (/\.zip$/i.test(nameOrFolder) && (await isThere(nameOrFolder))) {
      return (await import("./model-zip.ts")).unpackedModel(nameOrFolder);
    }
    const bundled = await bundledModels();
    if (bundled.includes(nameOrFolder)) return join(bundledModelsFolder, nameOrFolder);
    throw await noSuchModel(nameOrFolder);
  }
  const folders = (await bundledModels()).map((name) => join(bundledModelsFolder, name));
  if (folders.length === 0) {
    throw new PaletteError(
      "This package comes without a model: train one with `palette train` and name its folder (--model DIR).",
    );
  }
  if (folders.length === 1) return folders[0]!;
  const dated = await Promise.all(
    folders.map(async (folder) => ({
      folder,
      day: (await loadModelConfig(folder)).released ?? "",
    })),
  );
  return dated.reduce((best, other) => (other.day > best.day ? other : best)).folder;
}

/** The names of the bundled models, sorted. */
export async function bundledModels(): Promise<string[]> {
  return modelsIn(bundledModelsFolder);
}

/** The names of the model folders in a folder, sorted; none when there is no such folder. */
async function modelsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const complete = await Promise.all(names.map((name) => isThere(join(folder, name, configFile))));
  return names.filter((_, i) => complete[i]).sort();
}

/** Whether there is a file at this path. */
async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

/** Whether there is a folder at this path. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

async function readPart(path: string): Promise<Uint8Array> {
  try {
    return await readToEnd(path);
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

function unreadable(path: string, thrown: unknown): PaletteError {
  if (thrown instanceof PaletteError) return thrown;
  const missing = (thrown as NodeJS.ErrnoException).code === "ENOENT";
  const complaint = missing
    ? "does not exist; name a model's folder"
    : `cannot be read (${reasonOf(thrown)})`;
  return new PaletteError(`${path} ${complaint}.`, { cause: thrown });
}

/** Models that earlier versions brought along, and what has taken their place. */
const replacedModels: Readonly<Record<string, string>> = { "landscapes-64": "photos-64" };

async function noSuchModel(name: string): Promise<PaletteError> {
  const successor = replacedModels[name];
  if (successor !== undefined) {
    return new PaletteError(
      `${name} is no longer in the package: take ${successor}, which has replaced it, or name the folder of a copy.`,
    );
  }
  if (presets.some((preset) => preset.name === name)) {
    return new PaletteError(
      `${name} is a preset, a network without weights: train it first, then name the model's folder.`,
    );
  }
  const bundled = await bundledModels();
  const known = bundled.length === 0 ? "none is bundled" : `bundled are ${bundled.join(", ")}`;
  return new PaletteError(
    `There is no model folder ${name}; name one, or a bundled model (${known}).`,
  );
}

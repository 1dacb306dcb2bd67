/** A model: a network's configuration with its weights, in memory or where they can be read. */
import type { NetworkConfig } from "../nn/network.ts";
import {
  type ParameterSpec,
  parameterCount,
  readParameter,
  writeParameter,
} from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { PaletteError } from "../util/errors.ts";
import type { ByteSource } from "./byte-source.ts";
import type { ModelConfig } from "./config.ts";
import { SafetensorsReader } from "./safetensors-reader.ts";

/** The names of a model's two files, in a folder and below a URL. */
export const configFile = "config.json";
export const weightsFile = "weights.safetensors";

/** A network with its weights in memory. */
export interface Model<N extends NetworkConfig = NetworkConfig> {
  readonly config: ModelConfig<N>;
  /** Flat, in the order of `parameterSpecs(config.network)`. */
  readonly parameters: Float32Array;
}

/** Weights that are read parameter by parameter, so that few of them are in memory at once. */
export interface WeightSource {
  /**
   * Reads all parameters one after the other, in the order of `specs`. The numbers are in the order
   * of the parameter's own axes, each in an array of its own.
   * @throws PaletteError when the weights cannot be read or are not those of `specs`.
   */
  read(
    specs: readonly ParameterSpec[],
    receive: (spec: ParameterSpec, data: Float32Array) => void,
  ): Promise<void>;
}

/** A model whose weights stay where they are until they are asked for. */
export interface StoredModel {
  readonly config: ModelConfig;
  readonly weights: WeightSource;
}

/** The weights of a model in memory; each parameter is copied as it is read. */
export function weightsInMemory(parameters: Float32Array): WeightSource {
  return {
    async read(specs, receive) {
      for (const spec of specs) receive(spec, readParameter(parameters, spec).slice());
    },
  };
}

/**
 * The weights of a safetensors file. It is opened for each reading, and closed after it.
 * @param source what to call the file in an error message
 */
export function weightsOf(open: () => Promise<ByteSource>, source: string): WeightSource {
  return {
    async read(specs, receive) {
      const file = await SafetensorsReader.open(await open(), source);
      try {
        checkTensors(file, specs, source);
        for (const spec of specs) receive(spec, await file.read(file.places.get(spec.name)!));
      } finally {
        await file.close();
      }
    },
  };
}

/** @throws PaletteError when the weights cannot be read or are not those of the network. */
export async function readModel({ config, weights }: StoredModel): Promise<Model> {
  const specs = parameterSpecs(config.network);
  const parameters = new Float32Array(parameterCount(specs));
  await weights.read(specs, (spec, data) => writeParameter(parameters, spec, data));
  return { config, parameters };
}

/** The file's tensors must be the network's parameters, no more and no less. */
function checkTensors(
  file: SafetensorsReader,
  specs: readonly ParameterSpec[],
  source: string,
): void {
  const extra = new Set(file.places.keys());
  for (const { name, shape } of specs) {
    const place = file.places.get(name);
    if (place === undefined) {
      throw new PaletteError(`${source} lacks the tensor "${name}" of its ${configFile}.`);
    }
    if (place.shape.join() !== shape.join()) {
      throw new PaletteError(
        `${source}: tensor "${name}" has the shape [${place.shape}], but ${configFile} asks for [${shape}].`,
      );
    }
    extra.delete(name);
  }
  for (const name of extra) {
    throw new PaletteError(
      `${source} holds a tensor "${name}", which the network of its ${configFile} does not have.`,
    );
  }
}

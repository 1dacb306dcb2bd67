/** What a network costs: its parameters layer by layer, and the memory it needs. */
import { Graph, peakLiveSize, size } from "../graph/index.ts";
import { isUNet, sideOf } from "../nn/config.ts";
import { lowMemoryInferenceBytes } from "../nn/graph-costs.ts";
import { weightResidency } from "../nn/graphs.ts";
import { type NetworkConfig, networkInputs } from "../nn/network.ts";
import { DeclaredParameters, type ParameterSpec, parameterCount } from "../nn/parameters.ts";
import { buildNetwork, parameterSpecs, sideMultiple } from "../nn/registry.ts";
import { defaultWindow } from "./settings/sampling.ts";

/** A block of the network. */
export interface Layer {
  /** Its parameters' common name, for example `down.0.block.1`. */
  readonly name: string;
  /** Channels that come out of it. */
  readonly channels: number;
  /** Side of the U-Net's feature maps that come out of it; the noise level's embedding has none. */
  readonly side: number | undefined;
  readonly parameters: number;
}

export interface NetworkDescription {
  readonly parameters: number;
  readonly layers: readonly Layer[];
  /** Estimates, in bytes. */
  readonly memory: {
    /** The weights alone, in F32. */
    readonly weights: number;
    /** Feature maps alive at once in a call for one picture. */
    readonly activations: number;
    /** The whole program when it samples photos of any size. */
    readonly sampling: number;
  };
}

/** Where a small model's weights are: see `Runtime.readsInPlace`. */
export type WeightPlace = "beside the graph" | "in the graph";

/** Node, sharp and ONNX Runtime before there is a model. */
const programBytes = 125e6;
/**
 * Of a small model: what its engines hold whatever its weights, and for each byte of weights the
 * copies of them, with kernels twice as large in Winograd's form. Measured beside the graph (two
 * engines): 274, 438 and 579 MB in all for 3, 28 and 66 MB of weights. In the graph (one engine of
 * a GPU's graph, run by the processor, so that the device's copy counts, too): 242, 396 and 632 MB.
 */
const smallModel: Record<WeightPlace, { readonly rest: number; readonly eachByte: number }> = {
  "beside the graph": { rest: 130e6, eachByte: 5 },
  "in the graph": { rest: 100e6, eachByte: 6.3 },
};
/**
 * In low memory the weights are there once. Its graph without weights, a tensor being rearranged
 * and pictures are the rest; the engine's memory is a little more than what is in use, as blocks
 * are rounded up. Measured: 860 MB in all for 251 MB of weights, 3.4 GB for 2.2 GB.
 */
const lowMemoryRest = 200e6;
const roundedUp = 1.3;

/**
 * Bytes of the machine's memory that a program needs to sample with a network, besides
 * `programBytes`: an estimate.
 */
export function samplingMemory(
  config: NetworkConfig,
  place: WeightPlace = "beside the graph",
): number {
  const specs = parameterSpecs(config);
  if (weightResidency(specs) === "constants") {
    const { rest, eachByte } = smallModel[place];
    return rest + eachByte * 4 * parameterCount(specs) + liveBytes(config);
  }
  const { weights, maps } = lowMemoryInferenceBytes(config, specs);
  return weights + lowMemoryRest + roundedUp * maps;
}

/**
 * Bytes that windows of this side need beyond `samplingMemory`, which counts a picture of the
 * network's own side: an estimate. Beside the first engines others are compiled for windows.
 * Measured: 209 MB more for windows of 128 on two engines than for calls at 64, with 28 MB of
 * weights.
 */
export function windowMemory(
  config: NetworkConfig,
  side: number,
  place: WeightPlace = "beside the graph",
): number {
  if (side <= config.resolution) return 0;
  const specs = parameterSpecs(config);
  const maps = liveBytes(config, side);
  if (weightResidency(specs) === "inputs") return roundedUp * maps;
  return smallModel[place].eachByte * 4 * parameterCount(specs) + 2 * maps;
}

/** Bytes of the feature maps alive at once in a call for one square picture, filled up as it is. */
function liveBytes(config: NetworkConfig, side = config.resolution): number {
  const graph = new Graph();
  const multiple = sideMultiple(config);
  const filledUp = multiple * Math.ceil(side / multiple);
  const inputs = networkInputs(graph, config, 1, [filledUp, filledUp]);
  return 4 * peakLiveSize([buildNetwork(config, new DeclaredParameters(graph), inputs)]);
}

/** Describes a network from its config alone: no weights are made. */
export function describeNetwork(config: NetworkConfig): NetworkDescription {
  const specs = parameterSpecs(config);
  const parameters = parameterCount(specs);
  return {
    parameters,
    layers: layersOf(config, specs),
    memory: {
      weights: 4 * parameters,
      activations: liveBytes(config),
      sampling:
        programBytes + samplingMemory(config) + windowMemory(config, defaultWindow(config).side),
    },
  };
}

const blockName =
  /^(?:embed|in|out|(?:down|up)\.(\d+)\.(?:block\.\d+|attention\.\d+|resample)|middle\.(?:block\.\d+|attention))/;

function layersOf(config: NetworkConfig, specs: readonly ParameterSpec[]): Layer[] {
  const layers = new Map<string, Layer>();
  for (const spec of specs) {
    const match = blockName.exec(spec.name);
    const name = match?.[0] ?? spec.name;
    const before = layers.get(name);
    layers.set(name, {
      name,
      channels: name === "out" ? config.channels : channelsAfter(spec, before),
      side: sideAfter(config, name, match?.[1]),
      parameters: (before?.parameters ?? 0) + size(spec.shape),
    });
  }
  return [...layers.values()];
}

/** A block's last weight that is more than a list tells what comes out: its first dimension. */
function channelsAfter({ shape }: ParameterSpec, before: Layer | undefined): number {
  return shape.length > 1 ? shape[0]! : (before?.channels ?? shape[0]!);
}

function sideAfter(
  config: NetworkConfig,
  name: string,
  levelText: string | undefined,
): number | undefined {
  if (!isUNet(config) || name === "embed") return undefined;
  if (name === "out") return config.resolution;
  if (name === "in") return sideOf(config, 0);
  if (levelText === undefined) return sideOf(config, config.multipliers.length - 1);
  const level = Number(levelText);
  if (!name.endsWith("resample")) return sideOf(config, level);
  return sideOf(config, name.startsWith("down") ? level + 1 : level - 1);
}

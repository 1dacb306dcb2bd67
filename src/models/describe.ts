/** What a network costs: its parameters layer by layer, and the memory it needs. */
import { Graph, size, type Tensor } from "../graph/index.ts";
import { sideOf, type UNetConfig } from "../nn/config.ts";
import { DeclaredParameters, type ParameterSpec, parameterCount } from "../nn/parameters.ts";
import { uNet, uNetInputs } from "../nn/unet.ts";

/** A block of the network. */
export interface Layer {
  /** Its parameters' common name, for example `down.0.block.1`. */
  readonly name: string;
  /** Channels that come out of it. */
  readonly channels: number;
  /** Side of the feature maps that come out of it; the noise level's embedding has none. */
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
    /** The whole program when it samples one picture; null: the weights are too large for a graph. */
    readonly sampling: number | null;
  };
}

/** A graph with its weights is one protobuf message, which cannot be longer. */
export const largestWeights = 2 ** 31 - 1;

/** Node, sharp and ONNX Runtime before there is a model. */
const programBytes = 125e6;
/**
 * What compiling needs at its peak for each byte of weights: several copies, and the kernels of all
 * convolutions once more in transformed form. Measured: 177 MB in all for 3.4 MB of weights, 396 MB
 * for 17 MB, 5,100 MB for 251 MB.
 */
const peakForEachByte = 18;

/** Describes a network from its config alone: no weights are made. */
export function describeNetwork(config: UNetConfig): NetworkDescription {
  const graph = new Graph();
  const declared = new DeclaredParameters(graph);
  const inputs = uNetInputs(graph, config, 1);
  const output = uNet(config, declared, inputs);
  const parameters = parameterCount(declared.specs);
  const weights = 4 * parameters;
  const activations = 4 * largestLiveSize(graph, output);
  return {
    parameters,
    layers: layersOf(config, declared.specs),
    memory: {
      weights,
      activations,
      sampling:
        weights > largestWeights ? null : programBytes + peakForEachByte * weights + activations,
    },
  };
}

const blockName =
  /^(?:embed|in|out|(?:down|up)\.(\d+)\.(?:block\.\d+|attention\.\d+|resample)|middle\.(?:block\.\d+|attention))/;

function layersOf(config: UNetConfig, specs: readonly ParameterSpec[]): Layer[] {
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
  config: UNetConfig,
  name: string,
  levelText: string | undefined,
): number | undefined {
  if (name === "embed") return undefined;
  if (name === "out") return config.resolution;
  if (name === "in") return sideOf(config, 0);
  if (levelText === undefined) return sideOf(config, config.multipliers.length - 1);
  const level = Number(levelText);
  if (!name.endsWith("resample")) return sideOf(config, level);
  return sideOf(config, name.startsWith("down") ? level + 1 : level - 1);
}

/** The most numbers alive at once when the nodes are computed in order, parameters not counted. */
function largestLiveSize(graph: Graph, output: Tensor): number {
  const lastUse = new Map<Tensor, number>([[output, graph.nodes.length]]);
  for (const node of graph.nodes) for (const input of node.inputs) lastUse.set(input, node.id);
  const released: Tensor[][] = graph.nodes.map(() => []);
  for (const [node, last] of lastUse) released[last]?.push(node);
  const counts = (node: Tensor) => node.op !== "input" && node.op !== "constant";
  let live = 0;
  let largest = 0;
  for (const node of graph.nodes) {
    if (counts(node)) live += size(node.shape);
    largest = Math.max(largest, live);
    for (const done of released[node.id]!) if (counts(done)) live -= size(done.shape);
  }
  return largest;
}

/** The graphs that are run: one network call, and one training step (forward and backward). */
import {
  concat,
  type EncodingOptions,
  encodeOnnx,
  flops,
  Graph,
  grad,
  type LoweringName,
  lowerings,
  type ModelNotes,
  peakLiveSize,
  reduceSum,
  reshape,
  size,
  sub,
  type Tensor,
} from "../graph/index.ts";
import { imageLoss, type Loss } from "./loss.ts";
import { type BuildOptions, type NetworkConfig, networkInputs } from "./network.ts";
import {
  ConstantParameters,
  FlatParameters,
  InputParameters,
  type ParameterSpec,
  parameterCount,
} from "./parameters.ts";
import { buildNetwork, parameterSpecs } from "./registry.ts";

interface Traced {
  readonly graph: Graph;
  readonly outputs: Record<string, Tensor>;
}

export interface InferenceGraphOptions {
  /** Height and width of the images; the network's own resolution without. */
  readonly size?: readonly [height: number, width: number];
  /** What the model says to its readers. */
  readonly notes?: ModelNotes;
  /** How feature maps are stored and convolutions carried out (default "cpu"). */
  readonly lowering?: LoweringName;
}

/**
 * ONNX model of one network call with the weights baked in.
 * Inputs `source`, `noisy` [N,C,H,W] and `conditioning` [N]; output `output` [N,C,H,W].
 */
export function inferenceGraph(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  weights: Float32Array,
  batch: number,
  { notes, ...options }: InferenceGraphOptions = {},
): Uint8Array {
  const { graph, outputs } = traceSampling(config, specs, weights, batch, options);
  return encodeOnnx(graph, outputs, { notes, ...encodingFor(options) });
}

/** Bytes of weights above which a network is a large one. */
export const lowMemoryThreshold = 128e6;

/**
 * How engines hold weights: as constants of a graph, packed for speed, once for each engine; or as
 * inputs of the graph of a single engine, so that they are in memory once.
 */
export type WeightResidency = "constants" | "inputs";

/** Inputs (low memory) for a network with more than `limit` bytes of weights, else constants. */
export function weightResidency(
  specs: readonly ParameterSpec[],
  limit = lowMemoryThreshold,
): WeightResidency {
  return 4 * parameterCount(specs) > limit ? "inputs" : "constants";
}

/** How a session for a graph with weights as inputs is opened, for the memory's sake. */
export const lowMemorySession = { blockedLayout: false, memoryPattern: false } as const;

/**
 * The same with each parameter as an input of its own, named and arranged as `parameters` says: for
 * weights that would not fit a graph, or that are too large to be held more than once.
 */
export function lowMemoryInferenceGraph(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  batch: number,
  size?: InferenceGraphOptions["size"],
): { readonly model: Uint8Array; readonly parameters: readonly ParameterSpec[] } {
  const { graph, outputs, parameters } = traceSampling(config, specs, undefined, batch, { size });
  const model = encodeOnnx(graph, outputs, { shapesKnown: false });
  return { model, parameters };
}

/**
 * @param weights constants of the graph; without them each parameter is an input, as the returned
 * `parameters` say
 */
function traceSampling(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  weights: Float32Array | undefined,
  batch: number,
  { size, lowering }: InferenceGraphOptions = {},
): Traced & { readonly parameters: readonly ParameterSpec[] } {
  const graph = new Graph();
  const inputs = new InputParameters(graph, specs, true);
  const parameters = weights ? new ConstantParameters(graph, specs, weights) : inputs;
  const images = networkInputs(graph, config, batch, size);
  const output = buildNetwork(config, parameters, images, { lowering });
  return { graph, outputs: { output }, parameters: inputs.specs };
}

/**
 * ONNX model of the forward and backward pass over a batch. Inputs `parameters` [P], `source`,
 * `noisy`, `target` [N,C,H,W], `conditioning` [N], `weight` [N,1,H,W]; outputs `losses` [N], the sums of
 * weight * |f - target|^p over each image (of "rms": the root of that sum times that of the weights), and
 * `gradient` [P] of their total.
 */
export function trainingGraph(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  options: Omit<TrainingGraph, "recompute">,
): Uint8Array {
  const { graph, outputs } = traceTraining(config, specs, options);
  return encodeOnnx(graph, outputs, encodingFor(options));
}

function encodingFor({ lowering = "cpu" }: { readonly lowering?: LoweringName }): EncodingOptions {
  const { maxBindings } = lowerings[lowering];
  return { maxBindings };
}

function traceTraining(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  options: TrainingGraph,
): Traced {
  const graph = new Graph();
  const parameters = new FlatParameters(graph, specs);
  const { losses, gradients } = differentiated(graph, config, parameters, options);
  return { graph, outputs: { losses, gradient: concat(gradients, 0) } };
}

interface TrainingGraph extends BuildOptions {
  /** Images. */
  readonly batch: number;
  readonly loss: Loss;
}

/** The losses of the images, [N], and the gradients of their sum. */
function differentiated(
  graph: Graph,
  config: NetworkConfig,
  parameters: FlatParameters | InputParameters,
  { batch, loss, ...options }: TrainingGraph,
): { readonly losses: Tensor; readonly gradients: readonly Tensor[] } {
  const inputs = networkInputs(graph, config, batch);
  const target = graph.input("target", inputs.noisy.shape);
  const weight = graph.input("weight", inputs.noisy.shape.with(1, 1));
  const error = sub(buildNetwork(config, parameters, inputs, options), target);
  const lossOfEach = imageLoss(error, weight, loss);
  const gradients = grad(reduceSum(lossOfEach, [0]), parameters.tensors);
  return { losses: reshape(lossOfEach, [batch]), gradients };
}

/** The name of the output that is the gradient of a parameter. */
export function gradientName(parameter: string): string {
  return `gradient of ${parameter}`;
}

/**
 * The same in low memory: each parameter is an input of its own and each gradient an output, in
 * the shape and the order of axes of the flat vector, so that they can be parts of one. The maps inside
 * the blocks are computed twice rather than kept.
 */
export function lowMemoryTrainingGraph(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  options: { readonly batch: number; readonly loss: Loss },
): Uint8Array {
  const { graph, outputs } = traceLowMemoryTraining(config, specs, options);
  return encodeOnnx(graph, outputs, { shapesKnown: false });
}

function traceLowMemoryTraining(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  options: TrainingGraph,
): Traced {
  const graph = new Graph();
  const parameters = new InputParameters(graph, specs, false);
  const traced = differentiated(graph, config, parameters, { ...options, recompute: true });
  // ONNX Runtime works for the last output first: for the last layer, whose gradient is the first.
  const outputs: Record<string, Tensor> = { losses: traced.losses };
  parameters.specs.forEach(({ name }, i) => {
    outputs[gradientName(name)] = traced.gradients[i]!;
  });
  return { graph, outputs };
}

/**
 * Floating point operations an image in a network call and in a training step, as the graphs carry
 * them out: their 3x3 convolutions take half the multiplications of the definition.
 */
export function operationsPerImage(
  config: NetworkConfig,
  batch: number,
): { readonly train: number; readonly sample: number } {
  const specs = parameterSpecs(config);
  const training = { batch, loss: "l2" } as const;
  const inputs = weightResidency(specs) === "inputs";
  const trace = inputs ? traceLowMemoryTraining : traceTraining;
  const weights = inputs ? undefined : new Float32Array(parameterCount(specs));
  const perImage = ({ outputs }: Traced) => flops(Object.values(outputs)) / batch;
  return {
    train: perImage(trace(config, specs, training)),
    sample: perImage(traceSampling(config, specs, weights, batch)),
  };
}

/** Bytes that a low-memory call holds: its weights, with kernels also transformed, and maps. */
export function lowMemoryInferenceBytes(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
): { readonly weights: number; readonly maps: number } {
  const { outputs, parameters } = traceSampling(config, specs, undefined, 1);
  const numbers = parameters.map(({ shape, transformed }) => size(shape) * (transformed ? 2 : 1));
  return {
    weights: 4 * numbers.reduce((sum, each) => sum + each, 0),
    maps: 4 * peakLiveSize(Object.values(outputs)),
  };
}

/** Bytes of the maps of a low-memory training step; weights and gradients are not counted. */
export function lowMemoryTrainingBytes(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  options: { readonly batch: number; readonly loss: Loss },
): number {
  return 4 * peakLiveSize(Object.values(traceLowMemoryTraining(config, specs, options).outputs));
}

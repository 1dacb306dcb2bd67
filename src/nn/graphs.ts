/** The graphs that are run: one network call, and one training step (forward and backward). */
import {
  add,
  concat,
  customGradient,
  div,
  type EncodingOptions,
  encodeOnnx,
  Graph,
  grad,
  type LoweringName,
  lowerings,
  type ModelNotes,
  mul,
  type OwnKernels,
  type Precision,
  pullback,
  type Quantization,
  reduceSum,
  reshape,
  sub,
  type Tensor,
} from "../graph/index.ts";
import { imageLoss, type Loss } from "./loss.ts";
import {
  type BuildOptions,
  type NetworkConfig,
  type NetworkInputs,
  networkInputs,
} from "./network.ts";
import {
  ConstantParameters,
  FlatParameters,
  GivenParameters,
  InputParameters,
  type ParameterSpec,
  parameterCount,
  RecordedParameters,
} from "./parameters.ts";
import { buildNetwork } from "./registry.ts";

/** Bytes of weights above which a network is a large one. */
export const lowMemoryThreshold = 128e6;

/**
 * How engines hold weights. "constants": of a graph, packed for speed, once for each engine; in
 * training, one flat vector in shared memory. "inputs": each parameter is an input of the graph of
 * a single engine, so that it is in memory once and may be larger than a graph.
 */
export type WeightResidency = "constants" | "inputs";

/** Inputs (low memory) for a network with more than `limit` bytes of weights, else constants. */
export function weightResidency(
  specs: readonly ParameterSpec[],
  limit = lowMemoryThreshold,
): WeightResidency {
  return 4 * parameterCount(specs) > limit ? "inputs" : "constants";
}

/**
 * How a session for a graph with weights as inputs is opened, or one that trains on a CPU, for the
 * memory's sake: a memory pattern would be held beside what the first run took.
 */
export const lowMemorySession = { blockedLayout: false, memoryPattern: false } as const;

export interface Traced {
  readonly graph: Graph;
  readonly outputs: Record<string, Tensor>;
}

/** The weights of a network call: constants of its graph, or inputs. */
export type GraphWeights = Float32Array | "inputs";

export interface InferenceGraphOptions {
  /** Weights as "inputs": how their kernels are arranged (default "compact"). */
  readonly ownKernels?: OwnKernels;
  /** Height and width of the images; the network's own resolution without. */
  readonly size?: readonly [height: number, width: number];
  /** What the model says to its readers. */
  readonly notes?: ModelNotes;
  /** How feature maps are stored and convolutions carried out (default "cpu"). */
  readonly lowering?: LoweringName;
  /** Convolutions in 8 bits, with weights as constants; instead of a lowering. */
  readonly quantization?: Quantization;
}

export interface InferenceGraph {
  /** In ONNX. */
  readonly model: Uint8Array;
  /** The inputs that are weights, named and arranged as they say; none where they are constants. */
  readonly parameters: readonly ParameterSpec[];
}

/**
 * ONNX model of one network call.
 * Inputs `source`, `noisy` [N,C,H,W] and `conditioning` [N]; output `output` [N,C,H,W].
 */
export function inferenceGraph(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  weights: GraphWeights,
  batch: number,
  { notes, ...options }: InferenceGraphOptions = {},
): InferenceGraph {
  const { graph, outputs, parameters } = traceSampling(config, specs, weights, batch, options);
  return {
    model: encodeOnnx(graph, outputs, { notes, ...encodingFor(weights, options) }),
    parameters,
  };
}

/** Without shapes an engine plans less, and holds less: see docs/architecture.md. */
function encodingFor(
  weights: unknown,
  { lowering = "cpu" }: { readonly lowering?: LoweringName },
): EncodingOptions {
  const { maxBindings, ownSines, waitsBySum } = lowerings[lowering];
  return {
    ...{ maxBindings, ownSines, waitsBySum },
    ...(weights === "inputs" && { shapesKnown: false }),
  };
}

/** The values of a network call, before they are written as ONNX. */
export function traceSampling(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  weights: GraphWeights,
  batch: number,
  { size, lowering, quantization, ownKernels = "compact" }: InferenceGraphOptions = {},
): Traced & { readonly parameters: readonly ParameterSpec[] } {
  const graph = new Graph();
  const inputs = new InputParameters(graph, specs, ownKernels);
  const parameters = weights === "inputs" ? inputs : new ConstantParameters(graph, specs, weights);
  const images = networkInputs(graph, config, batch, size);
  const output = buildNetwork(config, parameters, images, { lowering, quantization });
  return { graph, outputs: { output }, parameters: inputs.specs };
}

export interface TrainingGraphOptions {
  /** Images. */
  readonly batch: number;
  readonly loss: Loss;
  /** Consistency tuning: see `trainingGraph`; default false. */
  readonly consistency?: boolean;
  /** How feature maps are stored and convolutions carried out (default "cpu"). */
  readonly lowering?: LoweringName;
  /** Default "constants". */
  readonly weights?: WeightResidency;
  /** Whether the gradient is added to an input `sum` [P]; not with weights as "inputs". */
  readonly accumulates?: boolean;
  /**
   * "float16" (default "float32"): a further input `scale` [1] multiplies the gradients on their
   * way, so that small ones are not lost, and is taken out of `gradient`.
   */
  readonly precision?: Precision;
  /**
   * Whether the backward pass computes the maps inside the blocks once more instead of keeping them
   * (default: with weights as "inputs").
   */
  readonly recompute?: boolean;
}

/**
 * ONNX model of the forward and backward pass over a batch. Inputs `parameters` [P], `source`,
 * `noisy`, `target` [N,C,H,W], `conditioning` [N], `weight` [N,1,H,W]; outputs `losses` [N], the
 * sums of weight * |f - target|^p over each image (of "rms": the root of that sum times that of the
 * weights), and `gradient` [P] of their total.
 *
 * With weights as "inputs", each parameter is an input of its own and each gradient an output
 * (`gradientName`), in the shape and the order of axes of the flat vector, so that they can be
 * parts of one; and the maps inside the blocks are computed twice rather than kept.
 *
 * In consistency tuning the target is `target` + `pull` F(`nearer`) with the further inputs
 * `nearer` [N,C,H,W], `nearerConditioning` and `pull` [N]; nothing is differentiated through
 * F(`nearer`).
 */
export function trainingGraph(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  options: TrainingGraphOptions,
): Uint8Array {
  const { graph, outputs } = traceTraining(config, specs, options);
  const { precision, lowering = "cpu" } = options;
  return encodeOnnx(graph, outputs, {
    ...encodingFor(options.weights, options),
    precision,
    // The memory that it plans for values that live long is larger than what they need.
    shapesKnown: !lowerings[lowering].rematerializes,
  });
}

/** The name of the output that is the gradient of a parameter. */
export function gradientName(parameter: string): string {
  return `gradient of ${parameter}`;
}

/** The values of a training step, before they are written as ONNX. */
export function traceTraining(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  {
    batch,
    loss,
    consistency,
    lowering,
    weights,
    accumulates = false,
    precision,
    recompute = weights === "inputs",
  }: TrainingGraphOptions,
): Traced {
  const graph = new Graph();
  const separate = weights === "inputs";
  const parameters = separate
    ? new InputParameters(graph, specs)
    : new FlatParameters(graph, specs);
  const inputs = networkInputs(graph, config, batch);
  const target = graph.input("target", inputs.noisy.shape);
  const weight = graph.input("weight", inputs.noisy.shape.with(1, 1));
  const options = { lowering, recompute };
  const recorded = new RecordedParameters(parameters);
  const built = buildNetwork(config, recorded, inputs, options);
  const pulled = consistency ? add(target, pullOf(config, recorded, inputs, { lowering })) : target;
  const lossOfEach = imageLoss(sub(built, pulled), weight, loss);
  const total = reduceSum(lossOfEach, [0]);
  const scale = precision === "float16" ? graph.input("scale", [1]) : undefined;
  const gradients = scale
    ? pullback(total, reshape(scale, total.shape), parameters.tensors)
    : grad(total, parameters.tensors);
  // ONNX Runtime works for the last output first: for the last layer, whose gradient is the first.
  const outputs: Record<string, Tensor> = { losses: reshape(lossOfEach, [batch]) };
  if (parameters instanceof FlatParameters) {
    const flat = concat(gradients, 0);
    const gradient = scale ? div(flat, scale) : flat;
    outputs.gradient = accumulates ? add(graph.input("sum", gradient.shape), gradient) : gradient;
  } else
    parameters.specs.forEach(({ name }, i) => {
      outputs[gradientName(name)] = gradients[i]!;
    });
  return { graph, outputs };
}

/** `pull` F(`nearer`), a constant to the gradient. */
function pullOf(
  config: NetworkConfig,
  { used, ownKernels }: RecordedParameters,
  { source, noisy, conditioning }: NetworkInputs,
  options: BuildOptions,
): Tensor {
  const { graph } = noisy;
  const nearer = {
    source,
    noisy: graph.input("nearer", noisy.shape),
    conditioning: graph.input("nearerConditioning", conditioning.shape),
  };
  const output = buildNetwork(config, new GivenParameters(used, ownKernels), nearer, options);
  const pull = reshape(graph.input("pull", conditioning.shape), [noisy.shape[0]!, 1, 1, 1]);
  return customGradient(mul(output, pull), [], () => []);
}

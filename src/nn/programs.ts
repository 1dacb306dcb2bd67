/** The graphs that are run: one network call, and one training step (forward and backward). */
import {
  abs,
  concat,
  encodeOnnx,
  floatingPointOperations,
  Graph,
  grad,
  type ModelNotes,
  mul,
  reduceSum,
  reshape,
  square,
  sub,
  type Tensor,
} from "../graph/index.ts";
import type { UNetConfig } from "./config.ts";
import {
  ConstantParameters,
  FlatParameters,
  type ParameterSpec,
  parameterCount,
} from "./parameters.ts";
import { parameterSpecs, uNet, uNetInputs } from "./unet.ts";

/** p of the loss |f - target|^p: 2 everywhere in the paper, 1 in its ablation (Table 6). */
export type Loss = "l1" | "l2";

interface Traced {
  readonly graph: Graph;
  readonly outputs: Record<string, Tensor>;
}

/** Of a network call: the pictures' height and width (default: the network's own), and notes for readers. */
export interface SamplingOptions {
  readonly size?: readonly [height: number, width: number] | undefined;
  readonly notes?: ModelNotes | undefined;
}

/**
 * ONNX model of one network call with the weights baked in.
 * Inputs `source`, `noisy` [N,C,H,W] and `level` [N]; output `output` [N,C,H,W].
 */
export function samplingProgram(
  config: UNetConfig,
  specs: readonly ParameterSpec[],
  weights: Float32Array,
  batch: number,
  { size, notes }: SamplingOptions = {},
): Uint8Array {
  const { graph, outputs } = traceSampling(config, specs, weights, batch, size);
  return encodeOnnx(graph, outputs, notes);
}

function traceSampling(
  config: UNetConfig,
  specs: readonly ParameterSpec[],
  weights: Float32Array,
  batch: number,
  size?: SamplingOptions["size"],
): Traced {
  const graph = new Graph();
  const parameters = new ConstantParameters(graph, specs, weights);
  const output = uNet(config, parameters, uNetInputs(graph, config, batch, size));
  return { graph, outputs: { output } };
}

/**
 * ONNX model of the forward and backward pass over a batch. Inputs `parameters` [P], `source`,
 * `noisy`, `target` [N,C,H,W], `level` [N], `weight` [N,1,H,W]; outputs `losses` [N], the sums of
 * weight * |f - target|^p over each image, and `gradient` [P] of their total.
 */
export function trainingProgram(
  config: UNetConfig,
  specs: readonly ParameterSpec[],
  options: { readonly batch: number; readonly loss: Loss },
): Uint8Array {
  const { graph, outputs } = traceTraining(config, specs, options);
  return encodeOnnx(graph, outputs);
}

function traceTraining(
  config: UNetConfig,
  specs: readonly ParameterSpec[],
  { batch, loss }: { readonly batch: number; readonly loss: Loss },
): Traced {
  const graph = new Graph();
  const parameters = new FlatParameters(graph, specs);
  const inputs = uNetInputs(graph, config, batch);
  const target = graph.input("target", inputs.noisy.shape);
  const weight = graph.input("weight", inputs.noisy.shape.with(1, 1));
  const error = sub(uNet(config, parameters, inputs), target);
  const powered = loss === "l2" ? square(error) : abs(error);
  const losses = reduceSum(mul(powered, weight), [1, 2, 3]);
  const gradients = grad(reduceSum(losses, [0]), parameters.tensors);
  const outputs = { losses: reshape(losses, [batch]), gradient: concat(gradients, 0) };
  return { graph, outputs };
}

/**
 * Floating point operations an image in a network call and in a training step, as the graphs carry
 * them out: their 3x3 convolutions take half the multiplications of the definition.
 */
export function operationsPerImage(
  config: UNetConfig,
  batch: number,
): { readonly train: number; readonly sample: number } {
  const specs = parameterSpecs(config);
  const weights = new Float32Array(parameterCount(specs));
  const count = ({ outputs }: Traced) => floatingPointOperations(Object.values(outputs)) / batch;
  return {
    train: count(traceTraining(config, specs, { batch, loss: "l2" })),
    sample: count(traceSampling(config, specs, weights, batch)),
  };
}

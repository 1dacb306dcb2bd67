/** The graphs that are run: one network call, and one training step (forward and backward). */
import {
  abs,
  concat,
  encodeOnnx,
  Graph,
  grad,
  mul,
  reduceSum,
  reshape,
  square,
  sub,
} from "../graph/index.ts";
import type { UNetConfig } from "./config.ts";
import { ConstantParameters, FlatParameters, type ParameterSpec } from "./parameters.ts";
import { uNet, uNetInputs } from "./unet.ts";

/** p of the loss |f - target|^p: 2 everywhere in the paper, 1 in its ablation (Table 6). */
export type Loss = "l1" | "l2";

/**
 * ONNX model of one network call with the weights baked in.
 * Inputs `source`, `noisy` [N,C,H,W] and `level` [N]; output `output` [N,C,H,W].
 */
export function samplingProgram(
  config: UNetConfig,
  specs: readonly ParameterSpec[],
  weights: Float32Array,
  batch: number,
): Uint8Array {
  const graph = new Graph();
  const parameters = new ConstantParameters(graph, specs, weights);
  const output = uNet(config, parameters, uNetInputs(graph, config, batch));
  return encodeOnnx(graph, { output });
}

/**
 * ONNX model of the forward and backward pass over a batch. Inputs `parameters` [P], `source`,
 * `noisy`, `target` [N,C,H,W], `level` [N], `weight` [N,1,H,W]; outputs `losses` [N], the sums of
 * weight * |f - target|^p over each image, and `gradient` [P] of their total.
 */
export function trainingProgram(
  config: UNetConfig,
  specs: readonly ParameterSpec[],
  { batch, loss }: { readonly batch: number; readonly loss: Loss },
): Uint8Array {
  const graph = new Graph();
  const parameters = new FlatParameters(graph, specs);
  const inputs = uNetInputs(graph, config, batch);
  const target = graph.input("target", inputs.noisy.shape);
  const weight = graph.input("weight", inputs.noisy.shape.with(1, 1));
  const error = sub(uNet(config, parameters, inputs), target);
  const powered = loss === "l2" ? square(error) : abs(error);
  const losses = reduceSum(mul(powered, weight), [1, 2, 3]);
  const gradients = grad(reduceSum(losses, [0]), parameters.tensors);
  return encodeOnnx(graph, {
    losses: reshape(losses, [batch]),
    gradient: concat(gradients, 0),
  });
}

/** What a training will need, said before it starts. */
import { Graph, size } from "../graph/index.ts";
import { FlatParameters, parameterCount } from "../nn/parameters.ts";
import { parameterSpecs, uNet, uNetInputs } from "../nn/unet.ts";
import type { RunConfig } from "./run-config.ts";

/**
 * An estimate in bytes: weights, average and moments once, and for each thread its gradient, its
 * copies, and every value of the forward pass over its images, which the backward pass needs again.
 */
export function trainingMemory({ network, batch, machine }: RunConfig): {
  readonly parameters: number;
  readonly bytes: number;
} {
  const specs = parameterSpecs(network);
  const parameters = parameterCount(specs);
  const replicas = Math.min(machine.threads, batch);
  const graph = new Graph();
  uNet(network, new FlatParameters(graph, specs), uNetInputs(graph, network, 1));
  const values = graph.nodes.reduce((sum, node) => sum + size(node.shape), 0) - parameters;
  const perReplica = 5 * parameters;
  return {
    parameters,
    bytes: 4 * (4 * parameters + replicas * perReplica + batch * values) + processBytes,
  };
}

/** Node, ONNX Runtime and libvips before they hold anything. */
const processBytes = 200 * 2 ** 20;

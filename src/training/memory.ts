/** What a training will need, said before it starts. */
import { Graph, size } from "../graph/index.ts";
import { FlatParameters, parameterCount } from "../nn/parameters.ts";
import { parameterSpecs, uNet, uNetInputs } from "../nn/unet.ts";
import type { RunConfig } from "./run-config.ts";

/** Node, ONNX Runtime and libvips before they hold anything. */
const processBytes = 300e6;

/**
 * An estimate in bytes: weights, average and moments once, for each replica its gradients and
 * copies, and every value of the forward pass, which the backward pass needs again. Photos kept
 * decoded (up to 1 GiB) are not counted. Within a quarter of what was measured for small-64 and
 * tiny-32 at batches from 4 to 32.
 */
export function trainingMemory({ network, batch, machine }: RunConfig): {
  readonly parameters: number;
  readonly bytes: number;
} {
  const specs = parameterSpecs(network);
  const parameters = parameterCount(specs);
  const values = (images: number): number => {
    const graph = new Graph();
    uNet(network, new FlatParameters(graph, specs), uNetInputs(graph, network, images));
    // Reshaping copies nothing.
    const held = graph.nodes.filter(({ op }) => op !== "reshape");
    return held.reduce((sum, { shape }) => sum + size(shape), 0);
  };
  // What is made of the weights does not grow with the batch.
  const one = values(1);
  const each = values(2) - one;
  const replicas = Math.min(machine.threads, batch);
  const perReplica = 5 * parameters + one - each;
  const numbers = 4 * parameters + replicas * perReplica + batch * each;
  return { parameters, bytes: processBytes + 4 * numbers };
}

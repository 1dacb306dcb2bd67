/** The cost of a graph: its arithmetic, and its memory. */
import { reachable, size, type Tensor } from "./tensor.ts";

/**
 * Floating point operations of the convolutions and matrix products that the outputs need: two for
 * a multiplication with its addition. Elementwise work and constant nodes are not counted.
 */
export function flops(outputs: readonly Tensor[]): number {
  return reachable(outputs).reduce((sum, node) => sum + (node.constant ? 0 : operations(node)), 0);
}

function operations(node: Tensor): number {
  const [a, b] = node.inputs;
  switch (node.op) {
    case "matmul":
      return 2 * size(node.shape) * a!.shape[a!.shape.length - 1]!;
    case "conv2d":
      return (2 * size(node.shape) * size(b!.shape)) / b!.shape[0]!;
    case "convTranspose2d":
      return (2 * size(a!.shape) * size(b!.shape)) / b!.shape[0]!;
    case "rowConvolution":
      return 2 * size(node.shape) * b!.shape[2]! * b!.shape[3]!;
    default:
      return 0;
  }
}

/** Ops that return their first input and take no memory. */
const aliases = new Set(["reshape", "controlDependency", "customGradient"]);

/**
 * The most numbers that are alive at once. Nodes are computed in the order of recording, and each
 * value is freed after its last use. Inputs, constants and outputs are not counted.
 */
export function peakLiveSize(outputs: readonly Tensor[]): number {
  const nodes = reachable(outputs);
  const owners = new Map<Tensor, Tensor>();
  for (const node of nodes)
    owners.set(node, aliases.has(node.op) ? owners.get(node.sources[0]!)! : node);
  const kept = new Set(outputs.map((output) => owners.get(output)));
  const counts = (node: Tensor) => node.op !== "input" && node.op !== "constant" && !kept.has(node);
  const lastUse = new Map<Tensor, Tensor>();
  for (const node of nodes)
    for (const source of node.sources) lastUse.set(owners.get(source)!, node);
  const forgotten = new Map<Tensor, number>();
  for (const [owner, last] of lastUse)
    if (counts(owner)) forgotten.set(last, (forgotten.get(last) ?? 0) + size(owner.shape));
  let live = 0;
  let largest = 0;
  for (const node of nodes) {
    if (owners.get(node) === node && counts(node)) live += size(node.shape);
    largest = Math.max(largest, live);
    live -= forgotten.get(node) ?? 0;
  }
  return largest;
}

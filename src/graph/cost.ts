/** The cost of a graph: its arithmetic, what it moves, and its memory. */
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

/**
 * Numbers read and written when each node reads its inputs and writes its output once: what travels
 * to and from memory where nothing is fused and no cache helps.
 */
export function traffic(outputs: readonly Tensor[]): number {
  return reachable(outputs).reduce((sum, node) => {
    if (node.constant || node.op === "input" || aliases.has(node.op)) return sum;
    const written = size(node.shape);
    if (parts.has(node.op)) return sum + 2 * written;
    return node.sources.reduce((part, source) => part + size(source.shape), sum + written);
  }, 0);
}

/** Ops that read no more of their input than they write. */
const parts = new Set(["slice", "segment"]);

/** Ops that return their first input and take no memory. */
const aliases = new Set(["reshape", "controlDependency", "customGradient"]);

/**
 * The most numbers that are alive at once. Nodes are computed in the order of recording, and each
 * value is freed after its last use. Inputs, constants and outputs are not counted.
 */
export function peakLiveSize(outputs: readonly Tensor[]): number {
  return [...liveAtPeak(outputs).values()].reduce((sum, part) => sum + part, 0);
}

/** The same by the ops that the values come from. */
export function liveAtPeak(outputs: readonly Tensor[]): Map<string, number> {
  const nodes = reachable(outputs);
  const owners = new Map<Tensor, Tensor>();
  for (const node of nodes)
    owners.set(node, aliases.has(node.op) ? owners.get(node.sources[0]!)! : node);
  const kept = new Set(outputs.map((output) => owners.get(output)));
  const counts = (node: Tensor) => node.op !== "input" && node.op !== "constant" && !kept.has(node);
  const lastUse = new Map<Tensor, number>();
  nodes.forEach((node, i) => {
    for (const source of node.sources) lastUse.set(owners.get(source)!, i);
  });
  const forgotten = new Map<number, number>();
  for (const [owner, last] of lastUse)
    if (counts(owner)) forgotten.set(last, (forgotten.get(last) ?? 0) + size(owner.shape));
  const made = (node: Tensor) => owners.get(node) === node && counts(node);
  let [live, largest, peak] = [0, -1, 0];
  nodes.forEach((node, i) => {
    if (made(node)) live += size(node.shape);
    if (live > largest) [largest, peak] = [live, i];
    live -= forgotten.get(i) ?? 0;
  });
  const byOp = new Map<string, number>();
  nodes.slice(0, peak + 1).forEach((node) => {
    if (made(node) && (lastUse.get(node) ?? nodes.length) >= peak)
      byOp.set(node.op, (byOp.get(node.op) ?? 0) + size(node.shape));
  });
  return byOp;
}

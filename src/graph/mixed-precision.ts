/**
 * Which values of a graph are float16 when it is encoded in mixed precision, after PyTorch's
 * autocast: what convolutions and matrix products make, and what is made of that place by place.
 * Sums, roots, quotients and the loss stay float32, as do inputs, outputs and constants of theirs.
 */
import { size, type Tensor } from "./tensor.ts";

const products = new Set(["conv2d", "convTranspose2d", "matmul"]);
const exact = new Set([
  "input",
  "segment",
  "reduceSum",
  "div",
  "sqrt",
  "exp",
  "sin",
  "cos",
  "abs",
  "sign",
  "square",
  "softmax",
  "upsample",
]);

/** The values that are float16, of nodes in the order of recording. */
export function halfValues(live: readonly Tensor[]): ReadonlySet<Tensor> {
  const consumers = new Map<Tensor, Tensor[]>();
  for (const node of live) {
    for (const source of node.sources) {
      const known = consumers.get(source);
      if (known) known.push(node);
      else consumers.set(source, [node]);
    }
  }
  const half = new Set<Tensor>();
  for (const node of live) {
    if (node.constant || exact.has(node.op)) continue;
    // What is only summed would lose or overflow there: the gradients of weights, squares.
    if (onlySummed(node, consumers)) continue;
    if (products.has(node.op) || keepsHalf(node, half)) half.add(node);
  }
  return half;
}

/** Through shapes. */
function onlySummed(node: Tensor, consumers: ReadonlyMap<Tensor, readonly Tensor[]>): boolean {
  const after = consumers.get(node) ?? [];
  return (
    after.length > 0 &&
    after.every(
      (one) => one.op === "reduceSum" || (one.op === "reshape" && onlySummed(one, consumers)),
    )
  );
}

/** Half meets half, or what is broadcast to it; a float32 value of full size makes float32. */
function keepsHalf(node: Tensor, half: ReadonlySet<Tensor>): boolean {
  const varying = node.sources.filter((source) => !source.constant);
  const full = Math.max(...varying.map(({ shape }) => size(shape)));
  return (
    varying.some((source) => half.has(source)) &&
    varying.every((source) => half.has(source) || size(source.shape) < full)
  );
}

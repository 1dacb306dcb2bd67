/** How much arithmetic a graph asks for. */
import { reachable } from "./onnx.ts";
import { size, type Tensor } from "./tensor.ts";

/**
 * Floating point operations of the convolutions and matrix products that the outputs need, two for a
 * multiplication with its addition; elementwise work is not counted, nor is what depends on no input
 * and is computed once.
 */
export function floatingPointOperations(outputs: readonly Tensor[]): number {
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

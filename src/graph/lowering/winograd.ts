/**
 * 3x3 convolution with half the multiplications: Winograd's F(4,3) along the columns (Lavin & Gray,
 * "Fast Algorithms for Convolutional Neural Networks"), which gives four rows of output with six
 * products a tap instead of twelve. With d the six input rows of a tile, g the three kernel rows:
 *
 *   Y = A [ (G g) . (B d) ]
 *
 * where the product in the middle is a convolution along the rows, one group for each of the six.
 * All of it is written in the graph's ops, so the backward pass is as fast.
 */
import {
  add,
  concat,
  customGradient,
  matmul,
  reshape,
  rowConvolution,
  rowConvolutionTapsLast,
  shift,
  slice,
} from "../ops/index.ts";
import { rematerialize } from "../rematerialize.ts";
import { type Shape, size, type Tensor } from "../tensor.ts";
import { PHASES } from "./phases.ts";

const INPUT = matrix(6, [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
]);
const KERNEL = matrix(3, [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
]);
const OUTPUT = matrix(6, [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
]);

/** Weights [Co,Ci,ky,kx] are kept as [ky,Co,kx,Ci], the order in which they are transformed. */
export const KERNEL_AXES = [2, 0, 3, 1] as const;

/** The order for weights that are inputs of their own: nothing is rearranged when they are used. */
export const KERNEL_AXES_TAPS_LAST = [2, 0, 1, 3] as const;

/** "Same" 3x3 convolution: x [4,Ci,N,H/4,W], weight [ky,Co,kx,Ci], bias [Co]. */
export function winogradConvolution(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const [, co, taps, ci] = weight.shape as [number, number, number, number];
  return convolved(x, co, bias, (input) =>
    rematerialize([input], [weight], ([rows], [given]) =>
      rowConvolution(rows!, transformed(given!, [6, co, taps, ci])),
    ),
  );
}

/** The same of weights [ky,Co,Ci,kx] that are in Winograd's form already, [6,Co,Ci,kx]. */
export function winogradConvolutionTransformed(x: Tensor, kernel: Tensor, bias: Tensor): Tensor {
  return convolved(x, kernel.shape[1]!, bias, (input) => rowConvolutionTapsLast(input, kernel));
}

/** G g. Traced before what it meets, so that ONNX Runtime computes it when it is needed. */
function transformed(weight: Tensor, shape: Shape): Tensor {
  const { graph, data } = weight;
  if (data) return graph.constant(transformedWeights(data), shape);
  const rows = reshape(weight, [3, size(weight.shape) / 3]);
  return reshape(matmul(graph.constant(KERNEL, [6, 3]), rows), shape);
}

function convolved(x: Tensor, co: number, bias: Tensor, alongRows: (x: Tensor) => Tensor): Tensor {
  const { graph } = x;
  const [, ci, n, rows, w] = x.shape as [number, number, number, number, number];
  const tiles = reshape(withNeighbours(x), [6, ci * n * rows * w]);
  const input = matmul(graph.constant(INPUT, [6, 6]), tiles);
  const products = alongRows(reshape(input, [6, ci, n * rows, w]));
  const output = matmul(graph.constant(OUTPUT, [4, 6]), reshape(products, [6, co * n * rows * w]));
  return add(reshape(output, [PHASES, co, n, rows, w]), reshape(bias, [1, co, 1, 1, 1]));
}

/**
 * G g of constant weights [3,...], [6,...]. Computed here, as ONNX Runtime would keep every
 * intermediate value.
 */
export function transformedWeights(weight: Float32Array): Float32Array {
  const count = weight.length / 3;
  const out = new Float32Array(6 * count);
  for (let p = 0; p < 6; p++)
    for (let i = 0; i < count; i++)
      out[p * count + i] =
        KERNEL[3 * p]! * weight[i]! +
        KERNEL[3 * p + 1]! * weight[count + i]! +
        KERNEL[3 * p + 2]! * weight[2 * count + i]!;
  return out;
}

/** [4,C,N,R,W] to [6,C,N,R,W]: the row above each tile, its own four, and the row below. */
function withNeighbours(x: Tensor): Tensor {
  const last = PHASES - 1;
  const above = shift(slice(x, 0, last, 1), 3, 1);
  const below = shift(slice(x, 0, 0, 1), 3, -1);
  // The derived gradient would add up three maps that are mostly zeros.
  return customGradient(concat([above, x, below], 0), [x], (gradient) => {
    const row = (i: number) => slice(gradient, 0, i, 1);
    const first = add(row(1), shift(row(PHASES + 1), 3, 1));
    const final = add(row(PHASES), shift(row(0), 3, -1));
    return [concat([first, slice(gradient, 0, 2, PHASES - 2), final], 0)];
  });
}

function matrix(columns: number, rows: readonly (readonly number[])[]): Float32Array {
  const data = rows.flat();
  if (data.length !== columns * rows.length) throw new Error("the rows differ in length");
  return Float32Array.from(data);
}

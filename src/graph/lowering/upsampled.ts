/**
 * A 3x3 convolution of a map whose pixels are repeated 2x2, with a quarter of the multiplications.
 * Along one axis the row kernel g meets each pixel twice, in y = (y0, y1):
 *
 *   y0[i] = g0 x[i-1] + (g1 + g2) x[i] = (g0 + g1 + g2) x[i] + g0 (x[i-1] - x[i])
 *   y1[i] = (g0 + g1) x[i] + g2 x[i+1] = (g0 + g1 + g2) x[i] + g2 (x[i+1] - x[i])
 *
 * Three products for two outputs, nine for four in both axes, and all of them on the small map. The
 * differences are exact where Winograd's transformations round.
 */
import { concat, matmul, reshape, shift, sub, swapLast, transpose } from "../ops/index.ts";
import { rematerialize } from "../rematerialize.ts";
import type { Tensor } from "../tensor.ts";

/** The order of a kernel's axes that is an input of its own, in this form. */
export const UPSAMPLED_AXES = [3, 2, 0, 1] as const;

/** Sum, first and last number of three taps: [3 forms, 3 taps]. */
const TAPS = [
  [1, 1, 1],
  [1, 0, 0],
  [0, 0, 1],
] as const;

/** To which forms an output's two places add up: [2 places, 3 forms]. */
const PLACES = [
  [1, 1, 0],
  [1, 0, 1],
] as const;

/**
 * x [C,N,H,W] with H even, weight [ky,Co,kx,Ci], to the "same" convolution of the map [2H,2W] in
 * storage of four phases, [4,Co,N,H/2,2W].
 */
export function upsampledConvolution(x: Tensor, weight: Tensor): Tensor {
  return rematerialize([x], [weight], ([map], [given]) => multiplied(map!, upsampledForm(given!)));
}

/** The same of a kernel [3,3,Co,Ci] that is in this form already. */
export function upsampledConvolutionTransformed(x: Tensor, kernel: Tensor): Tensor {
  const [, , co, ci] = kernel.shape as [number, number, number, number];
  return multiplied(x, reshape(kernel, [9, co, ci]));
}

function multiplied(x: Tensor, kernel: Tensor): Tensor {
  const { graph } = x;
  const [ci, n, h, w] = x.shape as [number, number, number, number];
  const co = kernel.shape[1]!;
  const columns = differences(
    reshape(differences(reshape(x, [1, ...x.shape]), 3), [3, ci, n, h, w]),
    4,
  );
  const products = matmul(kernel, reshape(columns, [9, ci, n * h * w]));
  const places = matmul(
    graph.constant(bothAxes(PLACES), [4, 9]),
    reshape(products, [9, co * n * h * w]),
  );
  // [kx,ky,...]: ky says which of the rows 2y + ky = 4 (y div 2) + (2 (y mod 2) + ky) it is.
  const apart = reshape(places, [2, 2, co, n, h / 2, 2, w]);
  const rows = reshape(transpose(apart, [5, 1, 2, 3, 4, 0, 6]), [4 * co * n * (h / 2), 2, w]);
  return reshape(interleaved(rows), [4, co, n, h / 2, 2 * w]);
}

/** Up to this width a product with zeros and ones is faster than moving single numbers. */
const SHORT = 32;

/** [A,2,W] to [A,2W]: columns 2x + kx. */
function interleaved(rows: Tensor): Tensor {
  const [a, , w] = rows.shape as [number, number, number];
  if (w > SHORT) return reshape(swapLast(rows), [a, 2 * w]);
  const order = new Float32Array(4 * w * w);
  for (let kx = 0; kx < 2; kx++)
    for (let x = 0; x < w; x++) order[(kx * w + x) * 2 * w + 2 * x + kx] = 1;
  return matmul(reshape(rows, [a, 2 * w]), rows.graph.constant(order, [2 * w, 2 * w]));
}

/** x and its differences to its neighbours before and after along an axis: [A,...] to [3A,...]. */
function differences(x: Tensor, axis: number): Tensor {
  const before = sub(shift(x, axis, 1), x);
  const after = sub(shift(x, axis, -1), x);
  return concat([x, before, after], 0);
}

/** A weight [ky,Co,kx,Ci] in the form that is multiplied: [9,Co,Ci], columns before rows. */
function upsampledForm(weight: Tensor): Tensor {
  const [, co, , ci] = weight.shape as [number, number, number, number];
  const taps = reshape(transpose(weight, [2, 0, 1, 3]), [9, co * ci]);
  return reshape(matmul(weight.graph.constant(bothAxes(TAPS), [9, 9]), taps), [9, co, ci]);
}

/** The same of numbers [kx,ky,Co,Ci], outside of a graph. */
export function upsampledWeights(weight: Float32Array): Float32Array {
  const count = weight.length / 9;
  const forms = bothAxes(TAPS);
  const out = new Float32Array(weight.length);
  for (let form = 0; form < 9; form++)
    for (let tap = 0; tap < 9; tap++) {
      if (forms[9 * form + tap] === 0) continue;
      for (let i = 0; i < count; i++) out[form * count + i]! += weight[tap * count + i]!;
    }
  return out;
}

/** What a matrix does along one axis, done along both (the Kronecker product with itself). */
function bothAxes(matrix: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(
    matrix.flatMap((outer) =>
      matrix.flatMap((inner) => outer.flatMap((a) => inner.map((b) => a * b))),
    ),
  );
}

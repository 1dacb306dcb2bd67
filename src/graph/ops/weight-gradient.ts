/**
 * The gradient for a convolution's weights,
 *
 *   dW[o, c, ky, kx] = sum_{n, y, x} dY[n, o, y, x] * X[n, c, s*y + d*ky - p, s*x + d*kx - p],
 *
 * as matrix products over the positions (n, y, x). One ONNX Conv would run at a third of the speed.
 * Which arrangement is fastest depends on the shape; all give the same numbers.
 */
import type { Shape, Tensor } from "../tensor.ts";
import { matmul } from "./matmul.ts";
import { reduceSum } from "./reduce.ts";
import { concat, pad, reshape, slice, swapLast, transpose } from "./shape.ts";

interface Geometry {
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  /** See `ConvolutionOptions`. */
  readonly onGpu?: boolean;
}

/** From this width on, stacking the rows beats one product per tap (measured at 8 to 64 pixels). */
const WIDE = 32;

/** dW for x [N,Ci,H,W], gradient [N,Co,Ho,Wo] and weights of the given shape. */
export function weightGradient(
  x: Tensor,
  gradient: Tensor,
  weightShape: Shape,
  geometry: Geometry,
): Tensor {
  const [co, ci, kh, kw] = weightShape as [number, number, number, number];
  if (kh === 1 && kw === 1 && geometry.stride === 1 && geometry.padding === 0)
    return reshape(overPositions(gradient, x), [co, ci, 1, 1]);
  if (geometry.onGpu) return allTaps(x, gradient, weightShape, geometry);
  const sameRows = gradient.shape[2]! + kh - 1 === x.shape[2]! + 2 * geometry.padding;
  const regular = geometry.stride === 1 && geometry.dilation === 1 && sameRows;
  return regular && gradient.shape[3]! >= WIDE
    ? stackedRows(x, gradient, kh, kw, geometry.padding)
    : tapByTap(x, gradient, weightShape, geometry);
}

/** Sum over images and positions: [N,A,...] and [N,B,...] to [A,B]. */
function overPositions(a: Tensor, b: Tensor): Tensor {
  const flat = (t: Tensor) => reshape(t, [t.shape[0]!, t.shape[1]!, t.shape[2]! * t.shape[3]!]);
  const product = matmul(flat(a), swapLast(flat(b)));
  return reshape(reduceSum(product, [0]), [a.shape[1]!, b.shape[1]!]);
}

/**
 * One product per horizontal tap: the gradient, stacked kh times with the rows moved down by one
 * each time, meets x moved horizontally. Three strided copies of x instead of nine.
 */
function stackedRows(x: Tensor, gradient: Tensor, kh: number, kw: number, padding: number): Tensor {
  const [, co, , wo] = gradient.shape as [number, number, number, number];
  const ci = x.shape[1]!;
  const stacked = concat(
    Array.from({ length: kh }, (_, ky) => pad(gradient, 2, ky, kh - 1 - ky)),
    1,
  );
  const padded = pad(pad(x, 2, padding, padding), 3, padding, padding);
  const products = Array.from({ length: kw }, (_, kx) =>
    reshape(overPositions(stacked, slice(padded, 3, kx, wo)), [kh, co, ci, 1]),
  );
  return reshape(transpose(concat(products, 3), [1, 2, 0, 3]), [co, ci, kh, kw]);
}

/**
 * One product for all taps, an image each: x, moved to each tap and stacked, meets the gradient.
 * Nine copies of x, but a third of the nodes of `tapByTap`, and a grid that fills a GPU. Of the two
 * factors the smaller one is turned, which no WebGPU kernel does on the way.
 */
function allTaps(
  x: Tensor,
  gradient: Tensor,
  weightShape: Shape,
  { stride, padding, dilation }: Geometry,
): Tensor {
  const [co, ci, kh, kw] = weightShape as [number, number, number, number];
  const [n, , ho, wo] = gradient.shape as [number, number, number, number];
  const padded = pad(pad(x, 2, padding, padding), 3, padding, padding);
  const taps: Tensor[] = [];
  for (let kx = 0; kx < kw; kx++) {
    // Columns first: that copy is shared by the taps of all rows.
    const columns = slice(padded, 3, kx * dilation, wo, stride);
    for (let ky = 0; ky < kh; ky++) taps.push(slice(columns, 2, ky * dilation, ho, stride));
  }
  const stacked = reshape(concat(taps, 1), [n, kw * kh * ci, ho * wo]);
  const turned = swapLast(reshape(gradient, [n, co, ho * wo]));
  const products = reduceSum(matmul(stacked, turned), [0]);
  return transpose(reshape(products, [kw, kh, ci, co]), [3, 2, 1, 0]);
}

/**
 * One product per tap, with channels first and the images side by side, so that the sum over the
 * images is inside the product: few positions an image, strides and dilations.
 */
function tapByTap(
  x: Tensor,
  gradient: Tensor,
  weightShape: Shape,
  { stride, padding, dilation }: Geometry,
): Tensor {
  const [co, ci, kh, kw] = weightShape as [number, number, number, number];
  const [n, , ho, wo] = gradient.shape as [number, number, number, number];
  const positions = n * ho * wo;
  const outgoing = reshape(transpose(gradient, [1, 0, 2, 3]), [co, positions]);
  const incoming = transpose(x, [1, 0, 2, 3]);
  const padded = pad(pad(incoming, 2, padding, padding), 3, padding, padding);
  const products: Tensor[] = [];
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      // Columns first: that copy is shared by the taps of all rows.
      const columns = slice(padded, 3, kx * dilation, wo, stride);
      const moved = reshape(slice(columns, 2, ky * dilation, ho, stride), [ci, positions]);
      products.push(reshape(matmul(outgoing, swapLast(moved)), [co, ci, 1]));
    }
  }
  return reshape(concat(products, 2), [co, ci, kh, kw]);
}

/** Every op a network may be written with. */
export { type ConvolutionOptions, conv2d, convTranspose2d } from "./convolution.ts";
export { customGradient } from "./custom-gradient.ts";
export {
  abs,
  add,
  cos,
  div,
  exp,
  mul,
  neg,
  type Operand,
  sigmoid,
  sign,
  silu,
  sin,
  sqrt,
  square,
  sub,
} from "./elementwise.ts";
export { matmul } from "./matmul.ts";
export { reduceMean, softmax } from "./normalization.ts";
export { averagePool, depthToSpace, spaceToDepth, upsample } from "./pooling.ts";
export {
  type QuantizedConvolutionOptions,
  quantizedConv2d,
  type ValueRange,
} from "./quantized-convolution.ts";
export { broadcastTo, reduceSum } from "./reduce.ts";
export { rowConvolution, rowConvolutionTapsLast } from "./row-convolution.ts";
export {
  concat,
  controlDependency,
  pad,
  reshape,
  segment,
  shift,
  slice,
  swapLast,
  transpose,
} from "./shape.ts";

/** Every op a network may be written with. */
export { broadcastTo } from "./broadcast.ts";
export { conv2d, convTranspose2d } from "./convolution.ts";
export { customGradient } from "./custom-gradient.ts";
export {
  abs,
  add,
  cos,
  div,
  exp,
  mul,
  neg,
  sigmoid,
  sign,
  silu,
  sin,
  sqrt,
  square,
  sub,
} from "./elementwise.ts";
export { matmul } from "./matmul.ts";
export { averagePool, depthToSpace, spaceToDepth, upsample } from "./pooling.ts";
export { reduceMean, reduceSum, softmax } from "./reduce.ts";
export { rowConvolution, rowConvolutionTapsLast } from "./row-convolution.ts";
export {
  after,
  concat,
  pad,
  reshape,
  segment,
  shift,
  slice,
  swapLast,
  transpose,
} from "./shape.ts";

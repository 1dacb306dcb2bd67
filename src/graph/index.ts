/** The graph's public face: tracing, ops, differentiation, encoding, reference evaluation. */

export { flops, peakLiveSize } from "./cost.ts";
export { grad, pullback } from "./grad.ts";
export { interpret } from "./interpret.ts";
export {
  FeatureMap,
  type KernelLayout,
  type Lowering,
  type LoweringName,
  lowerings,
  type MapShape,
  transformedWeights,
} from "./lowering/index.ts";
export { type EncodingOptions, encodeOnnx, type ModelNotes } from "./onnx.ts";
export * from "./ops/index.ts";
export { rematerialize } from "./rematerialize.ts";
export { Graph, type Shape, size, type Tensor } from "./tensor.ts";

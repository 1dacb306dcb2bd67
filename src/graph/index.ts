/** The graph's public face: tracing, ops, differentiation, encoding, reference evaluation. */

export { flops, liveAtPeak, peakLiveSize, traffic } from "./cost.ts";
export { grad, pullback } from "./grad.ts";
export { interpret } from "./interpret.ts";
export {
  type ConvolutionGeometry,
  type ConvolutionRanges,
  FeatureMap,
  type GroupedMap,
  int8Lowering,
  type KernelForm,
  type KernelLayout,
  type LoweredConvolution,
  type Lowering,
  type LoweringName,
  lowerings,
  type MapShape,
  type OwnKernels,
  type Quantization,
  transformedWeights,
  upsampledWeights,
} from "./lowering/index.ts";
export {
  type EncodingOptions,
  encodeOnnx,
  type ModelNotes,
  type Precision,
  precisions,
} from "./onnx.ts";
export type { ConvolutionOptions } from "./ops/convolution.ts";
export type { Operand } from "./ops/elementwise.ts";
export * from "./ops/index.ts";
export { rematerialize } from "./rematerialize.ts";

export {
  type Attribute,
  type Emitter,
  Graph,
  type OpDefinition,
  type RankedValue,
  type Shape,
  size,
  type Tensor,
} from "./tensor.ts";

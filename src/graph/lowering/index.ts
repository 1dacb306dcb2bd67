/** The lowerings by name; a runtime chooses one for its device. */
import { cpuLowering } from "./cpu.ts";
import { gpuLowering } from "./gpu.ts";

export { type ConvolutionRanges, int8Lowering, type Quantization } from "./int8.ts";
export {
  type ConvolutionGeometry,
  FeatureMap,
  type GroupedMap,
  type KernelForm,
  type KernelLayout,
  type LoweredConvolution,
  type Lowering,
  type MapShape,
  type OwnKernels,
} from "./types.ts";
export { upsampledWeights } from "./upsampled.ts";
export { transformedWeights } from "./winograd.ts";

export const lowerings = { cpu: cpuLowering, gpu: gpuLowering } as const;

export type LoweringName = keyof typeof lowerings;

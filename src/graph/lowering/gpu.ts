/** The lowering for a GPU: maps as [N,C,H,W], and each convolution as one plain Conv. */
import { concat, conv2d, reduceMean, reshape, slice, upsample } from "../ops/index.ts";
import type { Shape, Tensor } from "../tensor.ts";
import {
  type ConvolutionGeometry,
  FeatureMap,
  type GroupedMap,
  type LoweredConvolution,
  type Lowering,
  type MapShape,
} from "./types.ts";

export const gpuLowering: Lowering = {
  // The storage buffers that every WebGPU device allows.
  maxBindings: 8,
  // WGSL promises them to 5e-4, and that between -pi and pi only; noise levels reach 1,000.
  ownSines: true,
  waitsBySum: true,
  fromTensor,
  toTensor,
  concatChannels,
  convolution,
  grouped,
};

function fromTensor(x: Tensor): FeatureMap {
  return new FeatureMap(gpuLowering, x.shape as unknown as MapShape, x);
}

function toTensor(x: FeatureMap): Tensor {
  return x.storage;
}

function concatChannels(maps: readonly FeatureMap[]): FeatureMap {
  return fromTensor(
    concat(
      maps.map((map) => map.storage),
      1,
    ),
  );
}

function convolution(
  x: FeatureMap,
  { kernel, stride, dilation, upsampled }: ConvolutionGeometry,
): LoweredConvolution {
  const map = upsampled ? upsample(x.storage) : x.storage;
  const padding = (dilation * (kernel - 1)) / 2;
  return {
    layout: {},
    apply: (weight, bias) =>
      fromTensor(conv2d(map, weight, bias, { stride, padding, dilation, onGpu: true })),
  };
}

function grouped(x: FeatureMap, groups: number): GroupedMap {
  const [n, c, h, w] = x.shape;
  const perChannel: Shape = [1, groups, c / groups, 1];
  return {
    values: () => reshape(x.storage, [n, groups, c / groups, h * w]),
    mean: (values) => reduceMean(values, [2, 3]),
    perChannel: (values) => reshape(values, perChannel),
    perImageAndChannel: (values, start) =>
      reshape(slice(values, 1, start, c), perChannel.with(0, n)),
    ungroup: (values) => x.withStorage(reshape(values, x.shape)),
  };
}

/**
 * The lowering for a CPU: maps in phases (phases.ts), 3x3 convolutions by Winograd's F(4,3)
 * (winograd.ts), 1x1 convolutions as one matrix product. Strides, dilations and maps without phases
 * take the plain convolution.
 */
import {
  add,
  concat,
  conv2d,
  matmul,
  reduceMean,
  reshape,
  slice,
  transpose,
  upsample,
} from "../ops/index.ts";
import type { Shape, Tensor } from "../tensor.ts";
import { fromPhases, PHASES, toPhases } from "./phases.ts";
import {
  type ConvolutionGeometry,
  FeatureMap,
  type GroupedMap,
  type KernelLayout,
  type LoweredConvolution,
  type Lowering,
  type MapShape,
  type OwnKernels,
} from "./types.ts";
import {
  UPSAMPLED_AXES,
  upsampledConvolution,
  upsampledConvolutionTransformed,
} from "./upsampled.ts";
import {
  KERNEL_AXES,
  KERNEL_AXES_TAPS_LAST,
  winogradConvolution,
  winogradConvolutionTransformed,
} from "./winograd.ts";

/**
 * In "compact" graphs, positions from which on half the multiplications are worth twice the memory
 * of an own kernel.
 */
const WORTH_TRANSFORMING = 1024;

export const cpuLowering: Lowering = {
  rematerializes: true,
  fromTensor,
  toTensor,
  concatChannels,
  convolution,
  grouped,
};

function fromTensor(x: Tensor): FeatureMap {
  return new FeatureMap(cpuLowering, x.shape as unknown as MapShape, toPhases(x));
}

function toTensor(x: FeatureMap): Tensor {
  return fromPhases(x.storage);
}

function concatChannels(maps: readonly FeatureMap[]): FeatureMap {
  const [n, , h, w] = maps[0]!.shape;
  const channels = maps.reduce((sum, { shape }) => sum + shape[1], 0);
  const storage = concat(
    maps.map((map) => map.storage),
    1,
  );
  return new FeatureMap(cpuLowering, [n, channels, h, w], storage);
}

type StoredShape = [phases: number, channels: number, n: number, rows: number, w: number];

function convolution(
  x: FeatureMap,
  geometry: ConvolutionGeometry,
  ownKernels: OwnKernels | undefined,
): LoweredConvolution {
  const { channels, kernel, stride, dilation, upsampled } = geometry;
  const [n, incoming, h, w] = x.shape;
  if (upsampled && kernel === 3 && h % 2 === 0) return afterUpsampling(x, channels, ownKernels);
  if (upsampled) {
    const repeated = fromTensor(upsample(toTensor(x)));
    return convolution(repeated, { ...geometry, upsampled: false }, ownKernels);
  }
  const [phases, , , rows] = x.storage.shape as unknown as StoredShape;
  const winograd = phases === PHASES && kernel === 3 && stride === 1 && dilation === 1;
  const transform = winograd && (ownKernels !== "compact" || n * h * w >= WORTH_TRANSFORMING);
  const layout: KernelLayout = {
    axes: kernel === 1 ? undefined : kernelAxes(ownKernels, transform),
    form: transform && ownKernels ? "winograd" : undefined,
  };
  return { layout, apply };

  function apply(weight: Tensor, bias: Tensor): FeatureMap {
    if (kernel === 1 && stride === 1) {
      const flat = reshape(x.storage, [phases, incoming, n * rows * w]);
      const product = matmul(reshape(weight, [channels, incoming]), flat);
      const sum = add(product, reshape(bias, [channels, 1]));
      return stored(reshape(sum, [phases, channels, n, rows, w]));
    }
    if (transform) {
      const convolve = ownKernels ? winogradConvolutionTransformed : winogradConvolution;
      return stored(convolve(x.storage, weight, bias));
    }
    const usual = layout.axes ? transpose(weight, [1, 3, 0, 2]) : weight;
    const padding = (dilation * (kernel - 1)) / 2;
    return fromTensor(conv2d(toTensor(x), usual, bias, { stride, padding, dilation }));
  }

  function stored(storage: Tensor): FeatureMap {
    return new FeatureMap(cpuLowering, [n, channels, h, w], storage);
  }
}

/** The convolution of the map whose pixels are repeated, on the small one. */
function afterUpsampling(
  x: FeatureMap,
  channels: number,
  ownKernels: OwnKernels | undefined,
): LoweredConvolution {
  const [n, incoming, h, w] = x.shape;
  const [convolve, layout] = ownKernels
    ? ([upsampledConvolutionTransformed, { axes: UPSAMPLED_AXES, form: "upsampled" }] as const)
    : ([upsampledConvolution, { axes: KERNEL_AXES }] as const);
  return {
    layout,
    apply(weight, bias) {
      const flat = reshape(transpose(x.storage, [1, 2, 3, 0, 4]), [incoming, n, h, w]);
      const storage = add(convolve(flat, weight), reshape(bias, [1, channels, 1, 1, 1]));
      return new FeatureMap(cpuLowering, [n, channels, 2 * h, 2 * w], storage);
    },
  };
}

function kernelAxes(
  ownKernels: OwnKernels | undefined,
  transform: boolean,
): readonly number[] | undefined {
  if (!ownKernels) return KERNEL_AXES;
  return transform ? KERNEL_AXES_TAPS_LAST : undefined;
}

function grouped(x: FeatureMap, groups: number): GroupedMap {
  const [n, c] = x.shape;
  const [phases, , , rows, w] = x.storage.shape as unknown as StoredShape;
  const perChannel: Shape = [1, groups, c / groups, 1, 1];
  return {
    values: () => reshape(x.storage, [phases, groups, c / groups, n, rows * w]),
    mean: (values) => reduceMean(values, [0, 2, 4]),
    perChannel: (values) => reshape(values, perChannel),
    perImageAndChannel: (values, start) =>
      reshape(slice(transpose(values, [1, 0]), 0, start, c), perChannel.with(3, n)),
    ungroup: (values) => x.withStorage(reshape(values, x.storage.shape)),
  };
}

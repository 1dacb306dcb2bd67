/**
 * The lowering for sampling in 8 bits on a processor: maps with channels last, which its integer
 * products want, and convolutions in int8 where their ranges are known, else in float32.
 */
import {
  add,
  concat,
  conv2d,
  matmul,
  type QuantizedConvolutionOptions,
  quantizedConv2d,
  reduceMean,
  reshape,
  slice,
  swapLast,
  transpose,
  upsample,
  type ValueRange,
} from "../ops/index.ts";
import type { Tensor } from "../tensor.ts";
import {
  type ConvolutionGeometry,
  FeatureMap,
  type GroupedMap,
  type LoweredConvolution,
  type Lowering,
  type MapShape,
} from "./types.ts";

/** The ranges of a convolution's input and output, which its int8 form is made for. */
export interface ConvolutionRanges {
  readonly input: ValueRange;
  readonly output: ValueRange;
}

export interface Quantization {
  /** Of the convolutions in int8, by their places in the network; the others stay float32. */
  readonly ranges: Readonly<Record<string, ConvolutionRanges>>;
  /** Told each convolution, to find out its ranges. */
  readonly observe?: (place: string, input: Tensor, output: Tensor) => void;
}

type StoredShape = [n: number, h: number, w: number, c: number];

export function int8Lowering({ ranges, observe }: Quantization): Lowering {
  const lowering: Lowering = {
    fromTensor: (x) =>
      new FeatureMap(lowering, x.shape as unknown as MapShape, transpose(x, [0, 2, 3, 1])),
    toTensor,
    concatChannels: (maps) =>
      stored(
        concat(
          maps.map(({ storage }) => storage),
          3,
        ),
      ),
    convolution,
    grouped,
  };
  return lowering;

  function stored(storage: Tensor): FeatureMap {
    const [n, h, w, c] = storage.shape as unknown as StoredShape;
    return new FeatureMap(lowering, [n, c, h, w], storage);
  }

  function convolution(x: FeatureMap, geometry: ConvolutionGeometry): LoweredConvolution {
    const { stride, dilation, kernel, upsampled = false, place = "" } = geometry;
    const known = ranges[place];
    const padding = (dilation * (kernel - 1)) / 2;
    return {
      layout: {},
      apply(weight, bias) {
        const options = { stride, padding, dilation, upsampled };
        const result = known
          ? stored(quantizedConv2d(x.storage, weight, bias, { ...options, ...known }))
          : kernel === 1 && stride === 1 && !upsampled
            ? product(x, weight, bias)
            : plain(x, weight, bias, options);
        observe?.(place, x.storage, result.storage);
        return result;
      },
    };
  }

  function plain(
    x: FeatureMap,
    weight: Tensor,
    bias: Tensor,
    { upsampled, ...options }: Omit<QuantizedConvolutionOptions, keyof ConvolutionRanges>,
  ): FeatureMap {
    const map = upsampled ? upsample(toTensor(x)) : toTensor(x);
    return lowering.fromTensor(conv2d(map, weight, bias, options));
  }

  /** A convolution of 1x1. */
  function product({ storage, shape }: FeatureMap, weight: Tensor, bias: Tensor): FeatureMap {
    const [n, c, h, w] = shape;
    const channels = weight.shape[0]!;
    const rows = reshape(storage, [n * h * w, c]);
    const sum = add(matmul(rows, swapLast(reshape(weight, [channels, c]))), bias);
    return stored(reshape(sum, [n, h, w, channels]));
  }
}

function toTensor(x: FeatureMap): Tensor {
  return transpose(x.storage, [0, 3, 1, 2]);
}

function grouped(x: FeatureMap, groups: number): GroupedMap {
  const [n, c, h, w] = x.shape;
  return {
    values: () => reshape(x.storage, [n, h * w, groups, c / groups]),
    // Over the positions as a product: ONNX Runtime's sums over rows take five times as long.
    mean: (values) => {
      const rows = reshape(values, [n, h * w, c]);
      const means = matmul(x.storage.graph.constant(1 / (h * w), [n, 1, h * w]), rows);
      return reduceMean(reshape(means, [n, 1, groups, c / groups]), [3]);
    },
    perChannel: (values) => reshape(values, [1, 1, groups, c / groups]),
    perImageAndChannel: (values, start) =>
      reshape(slice(values, 1, start, c), [n, 1, groups, c / groups]),
    ungroup: (values) => x.withStorage(reshape(values, x.storage.shape)),
  };
}

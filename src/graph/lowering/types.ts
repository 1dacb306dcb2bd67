/**
 * A lowering says how a network's feature maps are stored and how its convolutions are carried out.
 * Networks (nn/) speak [N,C,H,W] only. All lowerings compute the same function, up to rounding.
 */
import type { Tensor } from "../tensor.ts";

export type MapShape = readonly [n: number, c: number, h: number, w: number];

/**
 * A feature map of shape [N,C,H,W], whose numbers lie in `storage` as its lowering arranges them.
 */
export class FeatureMap {
  readonly lowering: Lowering;
  readonly shape: MapShape;
  readonly storage: Tensor;

  constructor(lowering: Lowering, shape: MapShape, storage: Tensor) {
    this.lowering = lowering;
    this.shape = shape;
    this.storage = storage;
  }

  /** A map of the same shape that is stored elsewhere. */
  withStorage(storage: Tensor): FeatureMap {
    return new FeatureMap(this.lowering, this.shape, storage);
  }
}

/** How a convolution wants its kernel [Co,Ci,k,k]. */
export interface KernelLayout {
  /** The order of the kernel's axes; its own without. */
  readonly axes?: readonly number[];
  /** The form that a kernel of its own comes in, in that order of axes; plain without. */
  readonly form?: KernelForm;
}

/**
 * What a kernel was made into, outside of the graph: Winograd's form (winograd.ts), whose first
 * axis has 6 numbers instead of 3, or that for repeated pixels (upsampled.ts), of the same shape.
 */
export type KernelForm = "winograd" | "upsampled";

/** A "same" convolution: the padding is dilation * (kernel - 1) / 2 on every side. */
export interface ConvolutionGeometry {
  /** Output channels. */
  readonly channels: number;
  readonly kernel: 1 | 3;
  readonly stride: number;
  readonly dilation: number;
  /** Whether each pixel is repeated 2x2 times before (nearest neighbour); stride and dilation 1. */
  readonly upsampled?: boolean;
  /** Where in the network it is, as the names of its parameters begin. */
  readonly place?: string;
}

/** One convolution of one map, before its weights are there. */
export interface LoweredConvolution {
  readonly layout: KernelLayout;
  /** @param weight the kernel in the given layout, @param bias [Co] */
  apply(weight: Tensor, bias: Tensor): FeatureMap;
}

/** A feature map with its channels in groups, and what broadcasts over it. */
export interface GroupedMap {
  /** The map's numbers. */
  values(): Tensor;
  /** Means over each image's group, which broadcast over `values`. */
  mean(values: Tensor): Tensor;
  /** A number for each channel, [C]. */
  perChannel(x: Tensor): Tensor;
  /** A number for each image and channel: columns `start` to `start + C` of x [N,...]. */
  perImageAndChannel(x: Tensor, start: number): Tensor;
  /** The map whose numbers these are. */
  ungroup(values: Tensor): FeatureMap;
}

/**
 * How the layers of a graph whose kernels are inputs of their own may arrange them: "fast" or,
 * where memory counts more than the multiplications of small maps, "compact".
 */
export type OwnKernels = "fast" | "compact";

export interface Lowering {
  /** See `EncodingOptions`. */
  readonly maxBindings?: number;
  readonly ownSines?: boolean;
  /** See `EncodingOptions`. */
  readonly waitsBySum?: boolean;
  /**
   * Whether the backward pass always computes what is cheap once more instead of keeping it: where
   * waiting costs nothing.
   */
  readonly rematerializes?: boolean;
  /** x [N,C,H,W] as a feature map. */
  fromTensor(x: Tensor): FeatureMap;
  /** A feature map as [N,C,H,W]. */
  toTensor(x: FeatureMap): Tensor;
  concatChannels(maps: readonly FeatureMap[]): FeatureMap;
  /** @param ownKernels given where each kernel is a graph input of its own, in any layout */
  convolution(
    x: FeatureMap,
    geometry: ConvolutionGeometry,
    ownKernels: OwnKernels | undefined,
  ): LoweredConvolution;
  grouped(x: FeatureMap, groups: number): GroupedMap;
}

/** The layers of the U-Net: each takes its parameters by name from a `Scope`. */
import {
  abs,
  add,
  concat,
  cos,
  div,
  type FeatureMap,
  type KernelLayout,
  matmul,
  mul,
  type OwnKernels,
  rematerialize,
  reshape,
  type Shape,
  silu,
  sin,
  sqrt,
  square,
  sub,
  swapLast,
  type Tensor,
} from "../graph/index.ts";
import type { Initializer, Parameters } from "./parameters.ts";

/** A place in the network: parameter names below it start with its path. */
export class Scope {
  private readonly parameters: Parameters;
  /** What the names of its parameters begin with. */
  readonly path: string;

  constructor(parameters: Parameters, path = "") {
    this.parameters = parameters;
    this.path = path;
  }

  at(...parts: (string | number)[]): Scope {
    return new Scope(
      this.parameters,
      [this.path, ...parts].filter((part) => part !== "").join("."),
    );
  }

  /** The same place with its parameters taken from elsewhere. */
  from(other: (parameters: Parameters) => Parameters): Scope {
    return new Scope(other(this.parameters), this.path);
  }

  /** See `Parameters`. */
  get ownKernels(): OwnKernels | undefined {
    return this.parameters.ownKernels;
  }

  get(name: string, shape: Shape, initializer: Initializer, layout?: KernelLayout): Tensor {
    return this.parameters.get(`${this.path}.${name}`, shape, initializer, layout);
  }
}

export interface ConvolutionLayer {
  readonly kernel?: 1 | 3;
  readonly stride?: number;
  readonly dilation?: number;
  /** Each pixel is repeated 2x2 times before, which doubles height and width. */
  readonly upsampled?: boolean;
  /** Starts as zero, so that what it feeds starts as if it were not there. */
  readonly zero?: boolean;
}

/** "Same" convolution of a feature map [N,C,H,W] to [N,channels,H/stride,W/stride]. */
export function convolution(
  scope: Scope,
  x: FeatureMap,
  channels: number,
  { kernel = 3, stride = 1, dilation = 1, upsampled = false, zero = false }: ConvolutionLayer = {},
): FeatureMap {
  const incoming = x.shape[1];
  const initializer: Initializer = zero ? "zeros" : { fanIn: incoming * kernel * kernel };
  const geometry = { channels, kernel, stride, dilation, upsampled, place: scope.path };
  const { layout, apply } = x.lowering.convolution(x, geometry, scope.ownKernels);
  const weight = scope.get("weight", [channels, incoming, kernel, kernel], initializer, layout);
  const bias = scope.get("bias", [channels], initializer);
  return apply(weight, bias);
}

/** x [N,A] to [N,channels]. */
export function linear(scope: Scope, x: Tensor, channels: number): Tensor {
  const fanIn = x.shape[1]!;
  const weight = scope.get("weight", [channels, fanIn], { fanIn });
  const bias = scope.get("bias", [channels], { fanIn });
  return add(matmul(x, swapLast(weight)), bias);
}

const EPSILON = 1e-5;

/**
 * Group normalisation of a feature map (Wu & He), with an affine map. With `modulation` [N,2C]
 * (scale, shift) the result is norm(x) * (1 + scale) + shift: ADM's "adaptive group normalisation".
 */
export function groupNorm(
  scope: Scope,
  x: FeatureMap,
  groups: number,
  modulation?: Tensor,
): FeatureMap {
  const { grouped, values, a, b } = normalization(scope, x, groups, modulation);
  return grouped.ungroup(add(mul(values, a), b));
}

/** SiLU of `groupNorm`. On a CPU the backward pass computes it once more from x. */
export function groupNormSilu(
  scope: Scope,
  x: FeatureMap,
  groups: number,
  modulation?: Tensor,
): FeatureMap {
  const { grouped, values, a, b } = normalization(scope, x, groups, modulation);
  const activated = ([values, a, b]: readonly Tensor[]) => silu(add(mul(values!, a!), b!));
  const given = [values, a, b];
  return grouped.ungroup(
    x.lowering.rematerializes ? rematerialize(given, [], activated) : activated(given),
  );
}

/**
 * Group normalisation as y = a x + b, where a and b are numbers for each image and channel. The
 * statistics come from sums of x and of its square.
 */
function normalization(scope: Scope, x: FeatureMap, groups: number, modulation?: Tensor) {
  const c = x.shape[1];
  const grouped = x.lowering.grouped(x, groups);
  const gain = grouped.perChannel(scope.get("weight", [c], "ones"));
  const offset = grouped.perChannel(scope.get("bias", [c], "zeros"));
  const values = grouped.values();
  const mean = grouped.mean(values);
  const variance = sub(grouped.mean(square(values)), square(mean));
  // In a map that hardly varies, rounding may leave a negative difference.
  const inverse = div(1, sqrt(add(abs(variance), EPSILON)));
  let a = mul(gain, inverse);
  let b = sub(offset, mul(mean, a));
  if (modulation !== undefined) {
    const scale = add(grouped.perImageAndChannel(modulation, 0), 1);
    a = mul(a, scale);
    b = add(mul(b, scale), grouped.perImageAndChannel(modulation, c));
  }
  return { grouped, values, a, b };
}

/** Sinusoids of a number for each image, [N] to [N,size]: cosines, then sines, 1 to 1e-4 rad. */
export function sinusoids(x: Tensor, size: number): Tensor {
  const half = size / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp((-Math.log(10000) * i) / half),
  );
  const row = x.graph.constant(frequencies, [1, half]);
  const angles = mul(reshape(x, [x.shape[0]!, 1]), row);
  return concat([cos(angles), sin(angles)], 1);
}

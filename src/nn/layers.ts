/** The layers of the U-Net: each takes its parameters by name from a `Scope`. */
import {
  abs,
  add,
  concat,
  conv2d,
  cos,
  div,
  matmul,
  mul,
  reduceMean,
  reshape,
  type Shape,
  sin,
  slice,
  sqrt,
  square,
  sub,
  swapLast,
  type Tensor,
  transpose,
} from "../graph/index.ts";
import { onPlain, PHASES } from "./feature-map.ts";
import type { Initializer, Parameters } from "./parameters.ts";
import {
  KERNEL_AXES,
  KERNEL_AXES_TAPS_LAST,
  winogradConvolution,
  winogradConvolutionTransformed,
} from "./winograd.ts";

/** A place in the network: parameter names below it start with its path. */
export class Scope {
  private readonly parameters: Parameters;
  private readonly path: string;

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

  /** See `Parameters.separate`. */
  get separate(): boolean {
    return this.parameters.separate ?? false;
  }

  get(
    name: string,
    shape: Shape,
    initializer: Initializer,
    axes?: readonly number[],
    transformed?: boolean,
  ): Tensor {
    return this.parameters.get(`${this.path}.${name}`, shape, initializer, axes, transformed);
  }
}

export interface ConvolutionLayer {
  readonly kernel?: 1 | 3;
  readonly stride?: number;
  readonly dilation?: number;
  /** Starts as zero, so that what it feeds starts as if it were not there. */
  readonly zero?: boolean;
}

/** Positions from which on half the multiplications are worth twice the memory of a kernel of its own. */
const worthTransforming = 1024;

/**
 * Convolution of a feature map with "same" padding, to `channels` channels: the fast way where the
 * map has the phases for it, plainly otherwise.
 */
export function convolution(
  scope: Scope,
  x: Tensor,
  channels: number,
  { kernel = 3, stride = 1, dilation = 1, zero = false }: ConvolutionLayer = {},
): Tensor {
  const [phases, incoming, n, rows, w] = x.shape as [number, number, number, number, number];
  const initializer: Initializer = zero ? "zeros" : { fanIn: incoming * kernel * kernel };
  const fast = phases === PHASES && kernel === 3 && stride === 1 && dilation === 1;
  const { separate } = scope;
  const transform = fast && (!separate || n * rows * phases * w >= worthTransforming);
  const axes =
    kernel === 1
      ? undefined
      : !separate
        ? KERNEL_AXES
        : transform
          ? KERNEL_AXES_TAPS_LAST
          : undefined;
  const weight = scope.get(
    "weight",
    [channels, incoming, kernel, kernel],
    initializer,
    axes,
    transform && separate,
  );
  const bias = scope.get("bias", [channels], initializer);
  if (kernel === 1 && stride === 1) {
    const flat = reshape(x, [phases, incoming, n * rows * w]);
    const product = matmul(reshape(weight, [channels, incoming]), flat);
    return reshape(add(product, reshape(bias, [channels, 1])), [phases, channels, n, rows, w]);
  }
  if (transform)
    return separate
      ? winogradConvolutionTransformed(x, weight, bias)
      : winogradConvolution(x, weight, bias);
  const padding = (dilation * (kernel - 1)) / 2;
  const usual = axes ? transpose(weight, [1, 3, 0, 2]) : weight;
  return onPlain(x, (plain) => conv2d(plain, usual, bias, { stride, padding, dilation }));
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
 * Group normalisation of a feature map, with an affine map; with `modulation` [N,2C] (scale, shift)
 * the result is norm(x) * (1 + scale) + shift, ADM's "adaptive group normalisation".
 *
 * All of it folds into one multiplication and one addition a pixel, whose factors are a number for
 * each image and channel: y = a x + b. The statistics come from sums of x and of x squared.
 */
export function groupNorm(scope: Scope, x: Tensor, groups: number, modulation?: Tensor): Tensor {
  const [phases, c, n, rows, w] = x.shape as [number, number, number, number, number];
  const perChannel: Shape = [1, groups, c / groups, 1, 1];
  const gain = reshape(scope.get("weight", [c], "ones"), perChannel);
  const offset = reshape(scope.get("bias", [c], "zeros"), perChannel);
  const grouped = reshape(x, [phases, groups, c / groups, n, rows * w]);
  const mean = reduceMean(grouped, [0, 2, 4]);
  const variance = sub(reduceMean(square(grouped), [0, 2, 4]), square(mean));
  // In a map that hardly varies, rounding may leave a negative difference.
  const inverse = div(1, sqrt(add(abs(variance), EPSILON)));
  let a = mul(gain, inverse);
  let b = sub(offset, mul(mean, a));
  if (modulation !== undefined) {
    const channelsFirst = transpose(modulation, [1, 0]);
    const part = (start: number) =>
      reshape(slice(channelsFirst, 0, start, c), [1, groups, c / groups, n, 1]);
    const scale = add(part(0), 1);
    a = mul(a, scale);
    b = add(mul(b, scale), part(c));
  }
  return reshape(add(mul(grouped, a), b), x.shape);
}

/** Sinusoids of a number for each image, [N] to [N,size]: cosines, then sines, 1 to 1e-4 rad. */
export function sinusoids(level: Tensor, size: number): Tensor {
  const half = size / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp((-Math.log(10000) * i) / half),
  );
  const row = level.graph.constant(frequencies, [1, half]);
  const angles = mul(reshape(level, [level.shape[0]!, 1]), row);
  return concat([cos(angles), sin(angles)], 1);
}

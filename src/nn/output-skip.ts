/**
 * A skip connection from the inputs to the output. The network has few numbers a pixel, and would
 * blur and tint pixels that it should merely copy; this connection copies them.
 */
import {
  add,
  concat,
  conv2d,
  type Graph,
  mul,
  reduceSum,
  reshape,
  slice,
  sub,
  type Tensor,
} from "../graph/index.ts";
import type { UNetConfig } from "./config.ts";

interface Pictures {
  readonly source: Tensor;
  readonly noisy: Tensor;
}

/** Sizes of detail of the pyramid, each twice as wide as the one before. */
export const smoothings = 3;

/** Channels of the last convolution for each channel of the image. */
export function outputsPerChannel({ outputSkip }: Pick<UNetConfig, "outputSkip">): number {
  return outputSkip === "laplacian" ? 1 + 2 * (1 + smoothings) : 1;
}

/** The output [N,C,H,W] from the last convolution's pixels [N,`outputsPerChannel` * C,H,W]. */
export function outputSkip(
  made: Tensor,
  { source, noisy }: Pictures,
  config: Pick<UNetConfig, "outputSkip">,
): Tensor {
  return config.outputSkip === "laplacian" ? laplacianSkip(made, [source, noisy]) : made;
}

/**
 * The image that the network made, and shares of the source and of y_t, gated pixel by pixel. Each
 * band of each picture has its gate: in a smooth place the network closes the gates of the details,
 * and the noise is gone. Brightness and colours have gates of their own: the brightness of a gray
 * picture can pass.
 *
 * A convolution of the inputs alone could not do this: it would pass the noise in a hole together
 * with the known pixels around it.
 */
function laplacianSkip(made: Tensor, pictures: readonly Tensor[]): Tensor {
  const { graph, shape } = pictures[0]!;
  const [n, channels, height, width] = shape as [number, number, number, number];
  const mix = colourAxes(channels);
  const back = mix.map((_, i) => mix[(i % channels) * channels + Math.floor(i / channels)]!);
  const turned = (x: Tensor, by: Float32Array) =>
    conv2d(x, graph.constant(by, [channels, channels, 1, 1]));
  const bases = pictures.flatMap((picture) => bandsOf(turned(picture, mix)));
  const gates = slice(made, 1, channels, channels * bases.length);
  const passed = reshape(mul(concat(bases, 1), gates), [n, bases.length, channels, height * width]);
  const sum = reshape(reduceSum(passed, [1]), shape);
  return turned(add(slice(made, 1, 0, channels), sum), back);
}

/**
 * Details of three sizes and the rest, which add up to the picture: an undecimated Laplacian
 * pyramid (the wavelet transform "a trous") with the kernel 1/4, 1/2, 1/4 at distances 1, 2, 4.
 */
function bandsOf(picture: Tensor): Tensor[] {
  const [n, channels, height, width] = picture.shape as [number, number, number, number];
  const { graph } = picture;
  const kernel = graph.constant(
    Float32Array.of(1, 2, 1, 2, 4, 2, 1, 2, 1).map((weight) => weight / 16),
    [1, 1, 3, 3],
  );
  const series = [picture];
  for (let k = 0; k < smoothings; k++) {
    const distance = 2 ** k;
    const planes = reshape(series[k]!, [n * channels, 1, height, width]);
    const sums = conv2d(planes, kernel, undefined, { dilation: distance, padding: distance });
    const means = mul(sums, withinBorders(graph, height, width, distance));
    series.push(reshape(means, picture.shape));
  }
  return series.map((coarse, k) => (k < smoothings ? sub(coarse, series[k + 1]!) : coarse));
}

/** [1,1,H,W]: factors that turn sums without the pixels beyond the border into means. */
function withinBorders(graph: Graph, height: number, width: number, distance: number): Tensor {
  const share = (at: number, length: number) =>
    1 - (at < distance ? 0.25 : 0) - (at + distance >= length ? 0.25 : 0);
  const factors = Float32Array.from(
    { length: height * width },
    (_, i) => 1 / (share(Math.floor(i / width), height) * share(i % width, width)),
  );
  return graph.constant(factors, [1, 1, height, width]);
}

/**
 * Rows of the orthonormal discrete cosine transform. Of three channels: brightness, red against
 * blue, and green against both.
 */
export function colourAxes(channels: number): Float32Array {
  return Float32Array.from({ length: channels * channels }, (_, i) => {
    const [row, column] = [Math.floor(i / channels), i % channels];
    const scale = Math.sqrt((row === 0 ? 1 : 2) / channels);
    return scale * Math.cos((Math.PI * row * (2 * column + 1)) / (2 * channels));
  });
}

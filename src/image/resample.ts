/**
 * Changing a picture's size by separable filters in floating point: each new pixel is the weighted
 * mean of the old ones under a kernel. When shrinking, the kernel is stretched so that it covers
 * what a new pixel covers, which keeps it from aliasing.
 */
import { PaletteError } from "../util/errors.ts";
import type { Image } from "./image.ts";

/** A filter of even symmetry; zero beyond `support`, in pixels of the coarser grid. */
export interface Kernel {
  readonly support: number;
  weight(distance: number): number;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The mean of the area that a new pixel covers; nearest neighbour when enlarging. */
export const box: Kernel = { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) };
/** Linear interpolation. */
export const linear: Kernel = { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) };
/** A sinc windowed by a sinc of three lobes. */
export const lanczos3: Kernel = {
  support: 3,
  weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0),
};

/**
 * The picture at width x height; [3, H, W]. Kernels with negative lobes overshoot at edges: values
 * may leave [-1, 1] a little and are not clipped.
 * @throws PaletteError for sides that are not whole numbers of at least 1.
 */
export function resample(image: Image, width: number, height: number, kernel: Kernel): Image {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1)
      throw new PaletteError(
        `A picture needs whole sides of at least 1 pixel, not ${width}x${height}.`,
      );
  }
  const across = taps(image.width, width, kernel);
  const down = taps(image.height, height, kernel);
  const rows = new Float32Array(3 * image.height * width);
  for (let row = 0; row < 3 * image.height; row++) {
    const from = row * image.width;
    for (let x = 0; x < width; x++) {
      const { first, weights } = across[x]!;
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * image.data[from + first + k]!;
      rows[row * width + x] = sum;
    }
  }
  const data = new Float32Array(3 * height * width);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      const { first, weights } = down[y]!;
      const to = (c * height + y) * width;
      for (let k = 0; k < weights.length; k++) {
        const from = (c * image.height + first + k) * width;
        const weight = weights[k]!;
        for (let x = 0; x < width; x++) data[to + x]! += weight * rows[from + x]!;
      }
    }
  }
  return { width, height, data };
}

interface Taps {
  /** The first old pixel that counts. */
  readonly first: number;
  /** Of it and those after it; their sum is 1. */
  readonly weights: Float64Array;
}

/** For each of `count` new pixels of a line, how the `length` old ones make it. */
function taps(length: number, count: number, kernel: Kernel): Taps[] {
  const scale = length / count;
  const stretch = Math.max(1, scale);
  const reach = kernel.support * stretch;
  return Array.from({ length: count }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach));
    const end = Math.min(length, Math.ceil(centre + reach));
    const weights = Float64Array.from({ length: end - first }, (_, k) =>
      kernel.weight((first + k + 0.5 - centre) / stretch),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

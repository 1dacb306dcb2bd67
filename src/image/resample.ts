/**
 * Changes an image's size by separable filters in floating point: each new pixel is a weighted mean
 * of old ones under a kernel. When shrinking, the kernel is stretched over the area that a new pixel
 * covers, which prevents aliasing.
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
 * The image at width x height; [3, H, W]. Kernels with negative lobes overshoot at edges: values may
 * leave [-1, 1] a little and are not clipped.
 * @throws PaletteError for sides that are not whole numbers of at least 1.
 */
export function resample(image: Image, width: number, height: number, kernel: Kernel): Image {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1)
      throw new PaletteError(
        `A picture needs whole sides of at least 1 pixel, not ${width}x${height}.`,
      );
  }
  return filterPlanes(image, taps(image.width, width, kernel), taps(image.height, height, kernel));
}

/** How each new pixel of a line is made of the old ones. */
export interface Taps {
  /** For each new pixel, the first old pixel that counts. */
  readonly first: Int32Array;
  /** For each new pixel, where its weights start; one more entry marks the end. */
  readonly starts: Int32Array;
  /** The weights of all new pixels, one after the other; those of one pixel sum to 1. */
  readonly weights: Float64Array;
}

/**
 * The taps of `count` new pixels on a line of `length` old ones.
 * @param cell old pixels of a line that was `cell` times finer; the last one may be cut short, by
 * the part of it that lies beyond `length`
 */
export function taps(length: number, count: number, kernel: Kernel, cell = 1): Taps {
  const cells = Math.ceil(length / cell);
  const scale = length / cell / count;
  const stretch = Math.max(1, scale);
  const reach = kernel.support * stretch;
  const lastShare = length / cell - (cells - 1);
  const first = new Int32Array(count);
  const starts = new Int32Array(count + 1);
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    const centre = (i + 0.5) * scale;
    const from = Math.max(0, Math.floor(centre - reach));
    const end = Math.min(cells, Math.ceil(centre + reach));
    const own = Array.from({ length: end - from }, (_, k) => {
      const share = from + k === cells - 1 ? lastShare : 1;
      return share * kernel.weight((from + k + 0.5 - centre) / stretch);
    });
    const sum = own.reduce((a, b) => a + b, 0);
    first[i] = from;
    for (const weight of own) weights.push(weight / sum);
    starts[i + 1] = weights.length;
  }
  return { first, starts, weights: Float64Array.from(weights) };
}

/** Filters the rows and then the columns of the three planes. */
export function filterPlanes(
  { width: from, height, data }: Image,
  across: Taps,
  down: Taps,
): Image {
  const width = across.first.length;
  const rows = new Float32Array(3 * height * width);
  const { first, starts, weights } = across;
  for (let row = 0, to = 0; row < 3 * height; row++) {
    for (let x = 0; x < width; x++, to++) {
      const end = starts[x + 1]!;
      let sum = 0;
      for (let k = starts[x]!, at = row * from + first[x]!; k < end; k++, at++) {
        sum += weights[k]! * data[at]!;
      }
      rows[to] = sum;
    }
  }
  return filterColumns(rows, width, height, down);
}

function filterColumns(
  rows: Float32Array,
  width: number,
  oldHeight: number,
  { first, starts, weights }: Taps,
): Image {
  const height = first.length;
  const data = new Float32Array(3 * height * width);
  const sums = new Float64Array(width);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      sums.fill(0);
      let from = (c * oldHeight + first[y]!) * width;
      for (let k = starts[y]!; k < starts[y + 1]!; k++, from += width) {
        const weight = weights[k]!;
        for (let x = 0; x < width; x++) sums[x]! += weight * rows[from + x]!;
      }
      data.set(sums, (c * height + y) * width);
    }
  }
  return { width, height, data };
}

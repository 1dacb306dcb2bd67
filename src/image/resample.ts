/**
 * Changes an image's size by separable filters in floating point: each new pixel is a weighted mean
 * of old ones under a kernel. When shrinking, the kernel is stretched over the area that a new
 * pixel covers, which prevents aliasing.
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
/** Cubic convolution with a = -1/2, that of Catmull and Rom (Keys 1981). */
export const cubic: Kernel = {
  support: 2,
  weight(signed) {
    const x = Math.abs(signed);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((2.5 - 0.5 * x) * x - 4) * x + 2 : 0;
  },
};
/** A sinc windowed by a sinc of three lobes. */
export const lanczos3: Kernel = {
  support: 3,
  weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0),
};

/**
 * The image at width x height; [3, H, W]. Kernels with negative lobes overshoot at edges: values
 * may leave [-1, 1] a little and are not clipped.
 * @param phase where in its cell a new pixel is sampled: 0.5 is the middle, 0 the corner
 * @throws PaletteError for sides that are not whole numbers of at least 1.
 */
export function resample(
  image: Image,
  width: number,
  height: number,
  kernel: Kernel,
  phase = 0.5,
): Image {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1)
      throw new PaletteError(
        `A picture needs whole sides of at least 1 pixel, not ${width}x${height}.`,
      );
  }
  const across = taps(image.width, width, kernel, 1, phase);
  const down = taps(image.height, height, kernel, 1, phase);
  return filterLines(linesOf(image), across, down);
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
 * @param phase see `resample`
 */
export function taps(length: number, count: number, kernel: Kernel, cell = 1, phase = 0.5): Taps {
  const cells = Math.ceil(length / cell);
  const scale = length / cell / count;
  const stretch = Math.max(1, scale);
  const reach = kernel.support * stretch;
  const lastShare = length / cell - (cells - 1);
  const first = new Int32Array(count);
  const starts = new Int32Array(count + 1);
  const weights = new Float64Array(count * Math.min(cells, Math.ceil(2 * reach) + 1));
  let to = 0;
  for (let i = 0; i < count; i++) {
    const centre = (i + phase) * scale;
    const from = Math.max(0, Math.floor(centre - reach));
    const end = Math.min(cells, Math.ceil(centre + reach));
    let sum = 0;
    for (let k = from; k < end; k++) {
      const share = k === cells - 1 ? lastShare : 1;
      const weight = share * kernel.weight((k + 0.5 - centre) / stretch);
      weights[to + k - from] = weight;
      sum += weight;
    }
    first[i] = from;
    for (const stop = to + end - from; to < stop; to++) weights[to]! /= sum;
    starts[i + 1] = to;
  }
  return { first, starts, weights };
}

/** A picture that is made line by line: `read` writes line `y`, [3, width], from the top one on. */
export interface Lines {
  readonly width: number;
  read(y: number, line: Float32Array): void;
}

/** The lines of a picture. */
export function linesOf({ width, height, data }: Image): Lines {
  return {
    width,
    read(y, line) {
      for (let c = 0; c < 3; c++) {
        const from = (c * height + y) * width;
        line.set(data.subarray(from, from + width), c * width);
      }
    },
  };
}

/**
 * Filters the rows and then the columns; values beyond +-`limit` are cut. Only some lines are in
 * memory at a time, for memory that was never used before costs more than the sums.
 */
export function filterLines(lines: Lines, across: Taps, down: Taps, limit = Infinity): Image {
  const { first, starts, weights } = down;
  const [width, height] = [across.first.length, first.length];
  const data = new Float32Array(3 * height * width);
  const line = new Float32Array(3 * lines.width);
  let span = 1;
  for (let y = 0; y < height; y++) span = Math.max(span, starts[y + 1]! - starts[y]!);
  const kept = 4 * span;
  const rows = new Float32Array(3 * width * kept);
  let base = 0;
  let read = 0;
  for (let y = 0; y < height; y++) {
    const top = first[y]!;
    const taps = weights.subarray(starts[y]!, starts[y + 1]!);
    for (; read < top + taps.length; read++) {
      if (read === base + kept) {
        rows.copyWithin(0, 3 * width * (top - base));
        base = top;
      }
      lines.read(read, line);
      filterRow(line, across, rows, 3 * width * (read - base));
    }
    for (let c = 0; c < 3; c++) {
      const from = width * (3 * (top - base) + c);
      filterColumns(rows, from, width, taps, limit, data, (c * height + y) * width);
    }
  }
  return { width, height, data };
}

/** The same pixel of the three channels is summed at once: they share their weights. */
function filterRow(line: Float32Array, across: Taps, rows: Float32Array, to: number): void {
  const { first, starts, weights } = across;
  const width = first.length;
  const old = line.length / 3;
  for (let x = 0; x < width; x++, to++) {
    const end = starts[x + 1]!;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let k = starts[x]!, at = first[x]!; k < end; k++, at++) {
      const weight = weights[k]!;
      red += weight * line[at]!;
      green += weight * line[at + old]!;
      blue += weight * line[at + 2 * old]!;
    }
    rows[to] = red;
    rows[to + width] = green;
    rows[to + 2 * width] = blue;
  }
}

/** One line of one channel. Four neighbours are summed at once, which share their weights. */
function filterColumns(
  rows: Float32Array,
  from: number,
  width: number,
  weights: Float64Array,
  limit: number,
  data: Float32Array,
  to: number,
): void {
  const stop = from + width;
  for (; from + 3 < stop; from += 4, to += 4) {
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let k = 0, at = from; k < weights.length; k++, at += 3 * width) {
      const weight = weights[k]!;
      sum0 += weight * rows[at]!;
      sum1 += weight * rows[at + 1]!;
      sum2 += weight * rows[at + 2]!;
      sum3 += weight * rows[at + 3]!;
    }
    data[to] = within(sum0, limit);
    data[to + 1] = within(sum1, limit);
    data[to + 2] = within(sum2, limit);
    data[to + 3] = within(sum3, limit);
  }
  for (; from < stop; from++, to++) {
    let sum = 0;
    for (let k = 0; k < weights.length; k++) sum += weights[k]! * rows[from + 3 * width * k]!;
    data[to] = within(sum, limit);
  }
}

function within(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}

/** Structural similarity on one scale (Wang et al. 2004) and on several (Wang et al. 2003). */
import { PaletteError } from "../../util/errors.ts";
import { mean } from "../../util/mean.ts";
import { type PictureSize, type Pixels, type Plane, pairOf } from "./channels.ts";

/** 3.5 deviations of 1.5 pixels, rounded: a window of 11 x 11. */
const radius = 5;
const windowSide = 2 * radius + 1;
const gaussian = gaussianWindow(1.5);

/** The weight of each scale, finest first (Wang et al. 2003, section 3.2). */
const publishedWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/**
 * SSIM of two pictures (Wang et al. 2004, equation 13, K1 = 0.01, K2 = 0.03): Gaussian window of
 * deviation 1.5 and 11 x 11 pixels, population covariance, mean over the pixels whose window lies
 * inside the picture and over the channels. 1 for equal pictures. The same number as scikit-image's
 * `structural_similarity` with gaussian_weights and use_sample_covariance=False.
 * @throws UsageError, PaletteError when the pictures do not fit `size` or each other, or are
 * smaller than the window.
 */
export function ssim(a: Pixels, b: Pixels, size: PictureSize): number {
  checkWindow(size);
  const pair = pairOf(a, b, size);
  return mean(pair.a.map((plane, c) => similarity(plane, pair.b[c]!, pair.range).whole));
}

/**
 * Multi-scale SSIM (Wang et al. 2003, equation 7): contrast and structure on each scale, luminance
 * on the coarsest, multiplied with the published weights as exponents; mean of the channels. A
 * scale is the one before averaged over 2 x 2 pixels, an odd last row or column left out.
 *
 * All 5 scales need 176 pixels. A smaller picture has as many as keep the 11-pixel window inside
 * (88: 4, 44 to 87: 3, so 3 at 64 pixels), with their weights brought to a sum of 1: values of
 * different sizes of picture are not comparable. A scale that agrees less than not at all counts as
 * 0.
 * @throws UsageError, PaletteError as `ssim` does.
 */
export function msSsim(a: Pixels, b: Pixels, size: PictureSize): number {
  checkWindow(size);
  const pair = pairOf(a, b, size);
  const weights = scaleWeights(size);
  return mean(
    pair.a.map((plane, c) => {
      let one = plane;
      let other = pair.b[c]!;
      return weights.reduce((product, weight, scale) => {
        const { whole, structure } = similarity(one, other, pair.range);
        const last = scale === weights.length - 1;
        if (!last) {
          one = halved(one);
          other = halved(other);
        }
        return product * Math.max(0, last ? whole : structure) ** weight;
      }, 1);
    }),
  );
}

/** The weights that `msSsim` uses at this size, finest scale first; their sum is 1. */
export function scaleWeights({ width, height }: PictureSize): number[] {
  const fits = (_: number, scale: number) => Math.min(width, height) >> scale >= windowSide;
  const weights = publishedWeights.filter(fits);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The means over a plane of SSIM and of its contrast and structure factor. */
function similarity(a: Plane, b: Plane, range: number) {
  const { width, height } = a;
  const squares = new Float64Array(a.data.length);
  const products = new Float64Array(a.data.length);
  for (let i = 0; i < squares.length; i++) {
    const x = a.data[i]!;
    const y = b.data[i]!;
    squares[i] = x * x + y * y;
    products[i] = x * y;
  }
  const meanA = blurred(a.data, width, height);
  const meanB = blurred(b.data, width, height);
  const meanSquares = blurred(squares, width, height);
  const meanProducts = blurred(products, width, height);
  const c1 = (0.01 * range) ** 2;
  const c2 = (0.03 * range) ** 2;
  let whole = 0;
  let structure = 0;
  for (let i = 0; i < meanA.length; i++) {
    const product = meanA[i]! * meanB[i]!;
    const square = meanA[i]! ** 2 + meanB[i]! ** 2;
    const covariance = meanProducts[i]! - product;
    const variances = meanSquares[i]! - square;
    const factor = (2 * covariance + c2) / (variances + c2);
    structure += factor;
    whole += (factor * (2 * product + c1)) / (square + c1);
  }
  return { whole: whole / meanA.length, structure: structure / meanA.length };
}

/** Weighted with the window where it lies inside: [height - 10, width - 10]; rows, then columns. */
function blurred(data: Float64Array, width: number, height: number): Float64Array {
  const across = width - 2 * radius;
  const rows = new Float64Array(across * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < across; x++) {
      const from = y * width + x;
      let sum = 0;
      for (let k = 0; k < windowSide; k++) sum += gaussian[k]! * data[from + k]!;
      rows[y * across + x] = sum;
    }
  }
  const out = new Float64Array(across * (height - 2 * radius));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0, at = i; k < windowSide; k++, at += across) sum += gaussian[k]! * rows[at]!;
    out[i] = sum;
  }
  return out;
}

/** Half the size: the means of 2 x 2 pixels. */
function halved(plane: Plane): Plane {
  const width = plane.width >> 1;
  const height = plane.height >> 1;
  const data = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 2 * y * plane.width + 2 * x;
      const below = at + plane.width;
      const { data: d } = plane;
      data[y * width + x] = (d[at]! + d[at + 1]! + d[below]! + d[below + 1]!) / 4;
    }
  }
  return { width, height, data };
}

function gaussianWindow(deviation: number): Float64Array {
  const weights = Float64Array.from({ length: windowSide }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function checkWindow({ width, height }: PictureSize): void {
  if (width < windowSide || height < windowSide) {
    throw new PaletteError(
      `SSIM needs pictures of at least ${windowSide}x${windowSide} pixels, not ${width}x${height}.`,
    );
  }
}

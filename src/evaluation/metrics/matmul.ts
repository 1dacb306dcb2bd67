/** Matrix products in double precision; all matrices lie row by row in one array. */

/** Columns taken at a time, so that the rows in hand stay in the processor's cache. */
const span = 512;

/** X Y^T, [nx, ny], of X [nx, depth] and Y [ny, depth]. */
export function timesTransposed(
  x: Float64Array,
  y: Float64Array,
  depth: number,
): Float64Array<ArrayBuffer> {
  const nx = x.length / depth;
  const ny = y.length / depth;
  const out = new Float64Array(nx * ny);
  addProducts(out, x, y, depth, nx, ny, false);
  return out;
}

/** X X^T, [n, n], of X [n, depth]. */
export function gram(x: Float64Array, depth: number): Float64Array<ArrayBuffer> {
  const n = x.length / depth;
  const out = new Float64Array(n * n);
  addProducts(out, x, x, depth, n, n, true);
  mirror(out, n);
  return out;
}

/** The sum over rows of (row - mean)^T (row - mean), [dim, dim]: the covariance times N - 1. */
export function scatter(values: Float32Array, mean: Float64Array): Float64Array<ArrayBuffer> {
  const dim = mean.length;
  const rows = values.length / dim;
  const out = new Float64Array(dim * dim);
  // Some rows at a time, turned on their side: the memory needed does not grow with their number.
  const depth = Math.min(rows, span);
  const part = new Float64Array(dim * depth);
  for (let from = 0; from < rows; from += depth) {
    const count = Math.min(depth, rows - from);
    if (count < depth) part.fill(0);
    for (let r = 0; r < count; r++) {
      const at = (from + r) * dim;
      for (let k = 0; k < dim; k++) part[k * depth + r] = values[at + k]! - mean[k]!;
    }
    addProducts(out, part, part, depth, dim, dim, true);
  }
  mirror(out, dim);
  return out;
}

/**
 * out += X Y^T. Four rows by two at a time: each number fetched is used several times. With `lower`
 * only what lies on and below the diagonal is sure to be written.
 */
function addProducts(
  out: Float64Array,
  x: Float64Array,
  y: Float64Array,
  depth: number,
  nx: number,
  ny: number,
  lower: boolean,
): void {
  for (let from = 0; from < depth; from += span) {
    const to = Math.min(from + span, depth);
    for (let i = 0; i < nx; i += 4) {
      const last = lower ? Math.min(i + 4, ny) : ny;
      const whole = i + 4 <= nx;
      let j = 0;
      for (; whole && j + 2 <= last; j += 2) addTile(out, x, y, depth, ny, i, j, from, to);
      for (; j < last; j++) {
        for (let r = i; r < Math.min(i + 4, nx); r++) {
          let sum = 0;
          for (let k = from; k < to; k++) sum += x[r * depth + k]! * y[j * depth + k]!;
          out[r * ny + j]! += sum;
        }
      }
    }
  }
}

/** The 4 x 2 products at (i, j), over the columns from `from` to `to`. */
function addTile(
  out: Float64Array,
  x: Float64Array,
  y: Float64Array,
  depth: number,
  ny: number,
  i: number,
  j: number,
  from: number,
  to: number,
): void {
  let [s00, s01, s10, s11, s20, s21, s30, s31] = [0, 0, 0, 0, 0, 0, 0, 0];
  const x0 = i * depth;
  const x1 = x0 + depth;
  const x2 = x1 + depth;
  const x3 = x2 + depth;
  const y0 = j * depth;
  const y1 = y0 + depth;
  for (let k = from; k < to; k++) {
    const b0 = y[y0 + k]!;
    const b1 = y[y1 + k]!;
    const a0 = x[x0 + k]!;
    const a1 = x[x1 + k]!;
    const a2 = x[x2 + k]!;
    const a3 = x[x3 + k]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s30 += a3 * b0;
    s31 += a3 * b1;
  }
  const at = i * ny + j;
  out[at]! += s00;
  out[at + 1]! += s01;
  out[at + ny]! += s10;
  out[at + ny + 1]! += s11;
  out[at + 2 * ny]! += s20;
  out[at + 2 * ny + 1]! += s21;
  out[at + 3 * ny]! += s30;
  out[at + 3 * ny + 1]! += s31;
}

/** Copies what lies below the diagonal above it. */
function mirror(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) matrix[j * n + i] = matrix[i * n + j]!;
  }
}

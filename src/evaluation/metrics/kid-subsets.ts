/**
 * The kernel distance of sets of any size. All pairs are the most exact, and their number grows as
 * the square; of large sets it is the mean over random subsets of both, as is usual (Binkowski et
 * al. 2018, section 4; torch-fidelity: 100 subsets of 1000), which has the same expectation.
 */
import { Random } from "../../util/random.ts";
import { inPieces } from "./cooperative.ts";
import { kernelPieceCount, kernelPieces } from "./kid.ts";

export interface KernelSubsetOptions {
  /**
   * Sets of no more rows are taken whole; default 10,000, which have as many pairs as the subsets.
   */
  readonly most?: number;
  /** How many subsets; default 100. */
  readonly subsets?: number;
  /** Rows of each, or as many as the smaller set has; default 1000. */
  readonly rows?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * KID of `a` and `b`, each Float32Array [N, dim], as `kernelDistance` up to `most` rows; of more,
 * the mean over subsets without repetitions, the same ones each time. Other work goes on meanwhile.
 * @throws PaletteError as `kernelDistance` does; the signal's reason once it is aborted.
 */
export async function kernelDistanceAsync(
  a: Float32Array,
  b: Float32Array,
  dim: number,
  { most = 10_000, subsets = 100, rows = 1000, signal, onProgress }: KernelSubsetOptions = {},
): Promise<number> {
  const [na, nb] = [a.length / dim, b.length / dim];
  const whole = Math.max(na, nb) <= most;
  const size = Math.min(rows, na, nb);
  const times = whole ? 1 : subsets;
  const total = times * (whole ? kernelPieceCount(na, nb) : kernelPieceCount(size, size));
  let done = 0;
  const options = { signal, onPiece: () => onProgress?.(++done, total) };
  if (whole) return inPieces(kernelPieces(a, b, dim), options);
  let sum = 0;
  for (let k = 0; k < subsets; k++) {
    const first = someRows(a, dim, size, Random.from("kernel", "first", k));
    const second = someRows(b, dim, size, Random.from("kernel", "second", k));
    sum += await inPieces(kernelPieces(first, second, dim), options);
  }
  return sum / subsets;
}

/** `count` different rows, at random. */
function someRows(values: Float32Array, dim: number, count: number, random: Random): Float32Array {
  const numbers = Int32Array.from({ length: values.length / dim }, (_, k) => k);
  const out = new Float32Array(count * dim);
  for (let k = 0; k < count; k++) {
    const other = random.integer(k, numbers.length - 1);
    const row = numbers[other]!;
    numbers[other] = numbers[k]!;
    out.set(values.subarray(row * dim, (row + 1) * dim), k * dim);
  }
  return out;
}

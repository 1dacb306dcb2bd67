/**
 * The kernel distance of two sets of features (KID: Binkowski et al. 2018, equation 4 and section
 * 4): the squared maximum mean discrepancy with the kernel (x . y / dim + 1)^3, unbiased.
 *
 * It is unbiased for independent pictures. Crops of one photo are not: where both sets are cut from
 * the same photos, a row's group is its photo's number. Pairs of one group are left out of all
 * three means. Only crops of different photos are then compared, within the sets and between them.
 * Two sets of crops of the same photos are at 0 on average.
 */
import { PaletteError } from "../../util/errors.ts";
import { atOnce, type Pieces } from "./cooperative.ts";
import { countRows, sameLength } from "./feature-matrix.ts";
import { gram, timesTransposed } from "./matmul.ts";
import { countDraws } from "./resample.ts";

/** KID of fewer pictures is mostly noise: six equal ones are at -0.9 from themselves. */
export const leastForKid = 50;

/** Of each row; rows of one group, in either set, are never paired. */
export type Groups = ArrayLike<number>;

/** Rows taken at a time when the whole matrix of kernels is not wanted. */
const block = 256;

/**
 * KID of the rows of `a` and of `b`, each Float32Array [N, dim], over all pairs (no subsets). Its
 * expectation does not depend on N; it is 0 for sets of one distribution and may be a little
 * negative.
 * @throws PaletteError when a set has fewer than 2 rows, holds parts of rows or what is not a
 * number.
 */
export function kernelDistance(a: Float32Array, b: Float32Array, dim: number): number {
  return atOnce(kernelPieces(a, b, dim));
}

/** `kernelDistance` in pieces of up to 256 rows against a set. */
export function* kernelPieces(a: Float32Array, b: Float32Array, dim: number): Pieces<number> {
  const first = rowsOf(a, dim, "The first set of features");
  const reference = yield* prepared(b, dim, "The second set of features");
  const own = ownGroups(first.length / dim);
  const { sums, pairs } = yield* acrossEach(first, own, reference);
  return (yield* within(first, own, dim)) + reference.within - (2 * total(sums)) / total(pairs);
}

/** How many pieces those are, for sets of so many rows. */
export function kernelPieceCount(na: number, nb: number): number {
  return 2 * Math.ceil(na / block) + Math.ceil(nb / block);
}

/** A set that others are compared with, prepared; what it holds is no part of the interface. */
export interface KernelReference {
  readonly dim: number;
  readonly rows: Float64Array;
  readonly groups: Groups;
  /** The mean kernel of two of its rows. */
  readonly within: number;
}

/**
 * What `kernelResampler` needs of `b`, Float32Array [N, dim], computed once for any number of sets
 * that are compared with it. Memory: 8 N dim bytes.
 * @param groups whole numbers of 0 or more, of each row; unless given no row belongs to any other
 * @throws PaletteError as `kernelDistance` does, and when there are not as many groups as rows.
 */
export function kernelReference(b: Float32Array, dim: number, groups?: Groups): KernelReference {
  return atOnce(prepared(b, dim, "The reference set of features", groups));
}

/**
 * A function from row numbers of `a` (repetitions allowed) to the KID of those rows against all of
 * `b`, Float32Array [N, dim] or prepared by `kernelReference(b, dim)` with the same result; every
 * row once gives `kernelDistance(a, b, dim)`. Pairs of a row with itself, which a repetition would
 * bring in, are left out, so that the resamples are centred on the sample. NaN when all rows drawn
 * are one or of one group. Memory: 8 n_a^2 bytes.
 * @param groups of the rows of `a`, as those of the reference
 * @throws PaletteError as `kernelReference` does, and when a prepared reference has another dim.
 */
export function kernelResampler(
  a: Float32Array,
  b: Float32Array | KernelReference,
  dim: number,
  groups?: Groups,
): (rows: Int32Array) => number {
  const first = rowsOf(a, dim, "The first set of features");
  const reference =
    b instanceof Float32Array ? atOnce(prepared(b, dim, "The second set of features")) : b;
  sameLength(reference.dim, dim);
  const count = first.length / dim;
  const own = gram(first, dim);
  for (let i = 0; i < own.length; i++) own[i] = (own[i]! / dim + 1) ** 3;
  const ofRow = checked(groups, count) ?? ownGroups(count);
  const toReference = atOnce(acrossEach(first, ofRow, reference));

  return (rows) => {
    const { drawn, weights } = countDraws(rows, count, 2);
    let [inside, insidePairs, outside, outsidePairs] = [0, 0, 0, 0];
    for (let i = 0; i < drawn.length; i++) {
      const row = drawn[i]!;
      const weight = weights[i]!;
      outside += weight * toReference.sums[row]!;
      outsidePairs += weight * toReference.pairs[row]!;
      let [sum, pairs] = [0, 0];
      for (let j = 0; j < drawn.length; j++) {
        if (ofRow[drawn[j]!] === ofRow[row]) continue;
        sum += weights[j]! * own[row * count + drawn[j]!]!;
        pairs += weights[j]!;
      }
      inside += weight * sum;
      insidePairs += weight * pairs;
    }
    return inside / insidePairs + reference.within - (2 * outside) / outsidePairs;
  };
}

function* prepared(
  b: Float32Array,
  dim: number,
  what: string,
  given?: Groups,
): Pieces<KernelReference> {
  const rows = rowsOf(b, dim, what);
  const count = rows.length / dim;
  // No row of another set has such a number.
  const groups = checked(given, count) ?? Int32Array.from({ length: count }, (_, k) => -1 - k);
  return { dim, rows, groups, within: yield* within(rows, groups, dim) };
}

/** Each row by itself. */
function ownGroups(rows: number): Groups {
  return Int32Array.from({ length: rows }, (_, k) => k);
}

function checked(groups: Groups | undefined, rows: number): Groups | undefined {
  if (groups !== undefined && groups.length !== rows) {
    throw new PaletteError(`${rows} rows need ${rows} groups, but ${groups.length} were given.`);
  }
  return groups;
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function rowsOf(values: Float32Array, dim: number, what: string): Float64Array {
  countRows(values, dim, what, 2);
  return Float64Array.from(values);
}

/** The mean kernel of two rows of different groups of one set; NaN when there are none. */
function* within(x: Float64Array, groups: Groups, dim: number): Pieces<number> {
  const n = x.length / dim;
  let [sum, pairs] = [0, 0];
  for (let from = 0; from < n; from += block) {
    // The kernel is symmetric: each row with those before it.
    const to = Math.min(from + block, n);
    const products = timesTransposed(
      x.subarray(from * dim, to * dim),
      x.subarray(0, to * dim),
      dim,
    );
    for (let i = from; i < to; i++) {
      for (let j = 0; j < i; j++) {
        if (groups[i] === groups[j]) continue;
        sum += (products[(i - from) * to + j]! / dim + 1) ** 3;
        pairs++;
      }
    }
    yield;
  }
  return sum / pairs;
}

/**
 * For each row of one set the sum of its kernels with the other's rows of other groups, and their
 * number.
 */
function* acrossEach(
  x: Float64Array,
  groups: Groups,
  { rows, groups: others, dim }: KernelReference,
): Pieces<{ sums: Float64Array; pairs: Float64Array }> {
  const n = x.length / dim;
  const sums = new Float64Array(n);
  const pairs = new Float64Array(n);
  for (let from = 0; from < n; from += block) {
    const to = Math.min(from + block, n);
    const products = timesTransposed(x.subarray(from * dim, to * dim), rows, dim);
    for (let i = from; i < to; i++) {
      const at = (i - from) * others.length;
      for (let j = 0; j < others.length; j++) {
        if (groups[i] === others[j]) continue;
        sums[i]! += (products[at + j]! / dim + 1) ** 3;
        pairs[i]!++;
      }
    }
    yield;
  }
  return { sums, pairs };
}

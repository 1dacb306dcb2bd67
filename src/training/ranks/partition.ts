/**
 * Which rank updates which numbers of the flat vectors. Each bucket of a vector is dealt out over
 * the ranks, so that one bucket can be on its way while another is computed. Of the average and of
 * both moments a rank holds its own parts alone, one after the other in a packed vector (ZeRO,
 * stage 1: Rajbhandari et al. 2020).
 */
import { distribute, rangesOf } from "../../util/shares.ts";
import type { Communicator } from "./communicator.ts";

/** Numbers of a bucket: 4 MiB, large enough for a network's bandwidth. */
const bucketNumbers = 2 ** 20;

/** A stretch of the whole vector, and where it begins in the packed one. */
export interface Piece {
  readonly start: number;
  /** One past its last number. */
  readonly end: number;
  readonly at: number;
}

export interface Bucket {
  readonly start: number;
  readonly end: number;
  /** How many of its numbers each rank updates, in the order of the ranks. */
  readonly counts: readonly number[];
  /** What this rank updates. */
  readonly own: Piece;
}

export interface Partition {
  /** Numbers of a whole vector, and of the packed one of this rank. */
  readonly length: number;
  readonly owned: number;
  readonly buckets: readonly Bucket[];
}

/** One rank alone has one bucket, which is all its own. */
export function partition(
  length: number,
  { rank, size }: Pick<Communicator, "rank" | "size"> = { rank: 0, size: 1 },
  numbers = bucketNumbers,
): Partition {
  const parts = size === 1 ? 1 : Math.max(1, Math.ceil(length / numbers));
  let owned = 0;
  const buckets = rangesOf(length, parts).map(([start, end]): Bucket => {
    const [first, last] = rangesOf(end - start, size)[rank]!;
    const own = { start: start + first, end: start + last, at: owned };
    owned += last - first;
    return { start, end, counts: distribute(end - start, size), own };
  });
  return { length, owned, buckets };
}

/**
 * Puts a part of a whole vector, which begins at `at`, into the packed one, as far as it is there.
 */
export function pack(
  { buckets }: Partition,
  packed: Float32Array,
  at: number,
  part: Float32Array,
): void {
  for (const { own } of buckets) {
    const start = Math.max(own.start, at);
    const end = Math.min(own.end, at + part.length);
    if (start < end) packed.set(part.subarray(start - at, end - at), own.at + start - own.start);
  }
}

/** Puts this rank's part of a bucket where it belongs in `into`, which begins with the bucket. */
export function unpack({ start, own }: Bucket, packed: Float32Array, into: Float32Array): void {
  into.set(packed.subarray(own.at, own.at + own.end - own.start), own.start - start);
}

/** A piece shared out over so many threads. */
export function pieces({ start, end, at }: Piece, threads: number): Piece[] {
  return rangesOf(end - start, threads).map(([from, to]) => ({
    start: start + from,
    end: start + to,
    at: at + from,
  }));
}

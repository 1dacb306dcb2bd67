/** Ranks of one process, for tests: what MPI does between processes, in memory. */
import type { Communicator } from "../../src/training/ranks/communicator.ts";

/** Communicators that know each other; an operation ends when all ranks have called it. */
export function localRanks(size: number): Communicator[] {
  let calls: { name: string; data: unknown; resolve(all: unknown[]): void }[] = [];
  /** What all ranks gave, once they have called. */
  const meet = <T>(rank: number, name: string, data: T): Promise<T[]> =>
    new Promise((resolve, reject) => {
      calls[rank] = { name, data, resolve: resolve as (all: unknown[]) => void };
      if (Object.keys(calls).length < size) return;
      const all = calls;
      calls = [];
      if (all.some((call) => call.name !== name))
        return reject(new Error(`different calls: ${all.map((call) => call.name).join()}`));
      for (const call of all) call.resolve(all.map(({ data }) => data));
    });
  const starts = (counts: readonly number[]) =>
    counts.map((_, rank) => counts.slice(0, rank).reduce((sum, count) => sum + count, 0));
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    async broadcast(bytes, root = 0) {
      const all = await meet(rank, `broadcast of ${bytes.length} by ${root}`, bytes.slice());
      bytes.set(all[root]!);
    },
    async allgather(numbers) {
      const all = await meet(rank, `allgather of ${numbers.length}`, numbers.slice());
      return Float64Array.from(all.flatMap((some) => [...some]));
    },
    async reduceScatter(vector, counts) {
      const all = await meet(rank, `reduceScatter of ${vector.length}`, vector.slice());
      const start = starts(counts)[rank]!;
      vector.fill(Number.NaN);
      for (let i = start; i < start + counts[rank]!; i++)
        vector[i] = all.reduce((sum, some) => sum + some[i]!, 0);
    },
    async allgatherParts(vector, counts) {
      const all = await meet(rank, `allgatherParts of ${vector.length}`, vector.slice());
      for (const [r, start] of starts(counts).entries())
        vector.set(all[r]!.subarray(start, start + counts[r]!), start);
    },
  }));
}

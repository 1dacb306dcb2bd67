/**
 * Ranks on MPI. Waiting for the others is done on the event loop (a barrier that is asked again and
 * again, ever less often), so that it costs no core, a signal is heard and a rank that is gone is
 * noticed. What is moved then is moved by a thread of koffi's. MPI has one call at a time
 * (MPI_THREAD_SERIALIZED).
 */
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { Communicator } from "../../training/ranks/communicator.ts";
import { PaletteError } from "../../util/errors.ts";
import { cumulative } from "../../util/shares.ts";
import type { Launch } from "./launch.ts";
import { libraryVariable, loadMpi, type MpiLibrary } from "./library.ts";

/** Seconds that a rank waits for the others, besides what they may take to compute. */
const patienceVariable = "PALETTE_MPI_TIMEOUT";
const usualPatience = 60;
/** The same once the launcher has told this rank to stop: somebody may be gone. */
const patienceAfterSignal = 10;
/** An update's work may take the slowest rank so many times as long as this one. */
const slowest = 5;
/** What of the longest work is remembered from one operation to the next: it may come down. */
const remembered = 0.95;
/** Milliseconds: it is asked at once, later ever less often, up to this. */
const longestPause = 20;

const serialized = 2;

export class MpiCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  private readonly mpi: MpiLibrary;
  private readonly signal: AbortSignal | undefined;
  private readonly patience: number;
  private queue: Promise<unknown> = Promise.resolve();
  private broken: unknown;
  /**
   * When the last operation ended, and the longest time from one to the next lately, in
   * milliseconds.
   */
  private idleSince = performance.now();
  private longestWork = 0;

  /**
   * Begins to use MPI: once in a process.
   * @param signal aborted when this process was told to stop
   * @throws PaletteError without an MPI library, or with another one than the launcher's.
   */
  constructor(launch: Launch, signal?: AbortSignal) {
    this.mpi = loadMpi();
    this.signal = signal;
    this.patience = patienceFrom(process.env[patienceVariable]);
    const provided = new Int32Array(1);
    this.check(this.mpi.init(null, null, serialized, provided));
    if (provided[0]! < serialized)
      throw new PaletteError(
        `The MPI library ${this.mpi.name} was built without threads: name another one in ${libraryVariable}.`,
      );
    const { world } = this.mpi.handles;
    const [rank, size] = [new Int32Array(1), new Int32Array(1)];
    this.check(this.mpi.rank(world, rank));
    this.check(this.mpi.size(world, size));
    [this.rank, this.size] = [rank[0]!, size[0]!];
    if (this.size !== launch.size)
      throw new PaletteError(
        `${launch.size} processes were started together, but ${this.mpi.name} sees ${this.size}, as it belongs to another launcher: name the launcher's library in ${libraryVariable}.`,
      );
  }

  broadcast(bytes: Uint8Array, root = 0): Promise<void> {
    const { mpi } = this;
    const { byte, world } = mpi.handles;
    return this.together(() => start(mpi.broadcast, bytes, bytes.length, byte, root, world));
  }

  async allgather(numbers: Float64Array): Promise<Float64Array> {
    const { mpi } = this;
    const { double, world } = mpi.handles;
    const all = new Float64Array(this.size * numbers.length);
    const { length } = numbers;
    await this.together(() =>
      start(mpi.allgather, numbers, length, double, all, length, double, world),
    );
    return all;
  }

  async reduceScatter(vector: Float32Array, counts: readonly number[]): Promise<void> {
    const { mpi, rank } = this;
    const { float, sum, world } = mpi.handles;
    const own = new Float32Array(counts[rank]!);
    const lengths = Int32Array.from(counts);
    await this.together(() => start(mpi.reduceScatter, vector, own, lengths, float, sum, world));
    vector.set(own, cumulative(counts)[rank]!);
  }

  allgatherParts(vector: Float32Array, counts: readonly number[]): Promise<void> {
    const { mpi, rank } = this;
    const { float, world } = mpi.handles;
    const starts = cumulative(counts);
    const [lengths, places] = [Int32Array.from(counts), Int32Array.from(starts)];
    const own = vector.slice(starts[rank], starts[rank + 1]);
    const { length } = own;
    return this.together(() =>
      start(mpi.allgatherParts, own, length, float, vector, lengths, places, float, world),
    );
  }

  /** Ends the use of MPI, when all ranks do. Without it, the launcher takes the end for a crash. */
  async close(): Promise<void> {
    await this.together(async () => 0);
    this.check(this.mpi.finalize());
  }

  /** Waits until all ranks are here, then does the same as they do. */
  private together(transfer: () => Promise<number>): Promise<void> {
    const done = this.queue.then(async () => {
      if (this.broken !== undefined) throw this.broken;
      try {
        await this.meet();
        await this.transferred(transfer);
      } catch (thrown) {
        this.broken = thrown;
        throw thrown;
      }
    });
    this.queue = done.catch(() => {});
    return done;
  }

  /** @throws PaletteError when the others do not come. */
  private async meet(): Promise<void> {
    const { mpi } = this;
    const began = performance.now();
    this.longestWork = Math.max(remembered * this.longestWork, began - this.idleSince);
    // Room for a request of either kind: an address or an integer.
    const request = new BigInt64Array(1);
    const flag = new Int32Array(1);
    this.check(mpi.barrier(mpi.handles.world, request));
    for (;;) {
      this.check(mpi.test(request, flag, mpi.ignoreStatus));
      if (flag[0] !== 0) break;
      const waited = performance.now() - began;
      if (waited > 1000 * this.limit()) {
        throw new PaletteError(
          `The other ranks have not answered for ${Math.round(waited / 1000)} s: one of them, its host or the network between them is gone; the same command continues from the last checkpoint.`,
        );
      }
      if (waited < 1) await setImmediate();
      else await sleep(Math.min(longestPause, waited / 20));
    }
  }

  /** Nothing can end a call that waits for a host that is gone, but the end of the process. */
  private async transferred(transfer: () => Promise<number>): Promise<void> {
    const began = performance.now();
    const watch = setInterval(() => {
      const waited = (performance.now() - began) / 1000;
      if (waited < this.limit()) return;
      process.stderr.write(
        `palette: rank ${this.rank} waited ${Math.round(waited)} s for data: a rank, its host or the network is gone; the same command continues from the last checkpoint.\n`,
      );
      process.kill(process.pid, "SIGKILL");
    }, 1000);
    try {
      this.check(await transfer());
    } finally {
      clearInterval(watch);
      this.idleSince = performance.now();
    }
  }

  /** Seconds that the others may take. */
  private limit(): number {
    const work = (slowest * this.longestWork) / 1000;
    return work + (this.signal?.aborted ? patienceAfterSignal : this.patience);
  }

  private check(error: number): void {
    if (error !== 0) throw new PaletteError(`${this.mpi.name} reports error ${error}.`);
  }
}

/** Has a thread of koffi's carry out a call. */
function start<P extends unknown[]>(
  call: { async(...parameters: [...P, (error: unknown, result: number) => void]): void },
  ...parameters: P
): Promise<number> {
  return new Promise((resolve, reject) => {
    call.async(...parameters, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

function patienceFrom(text: string | undefined): number {
  const seconds = Number(text ?? usualPatience);
  if (seconds > 0) return seconds;
  throw new PaletteError(`${patienceVariable} is a number of seconds above 0, not "${text}".`);
}

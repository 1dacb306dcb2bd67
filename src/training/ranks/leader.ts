/**
 * Rank 0: it has the loop, the clock, the limits and the run folder, and tells the other ranks what
 * to do. What happens between updates (validation, sheets, saving) it does alone, while they wait
 * for its next command.
 */
import { PaletteError, ReadError } from "../../util/errors.ts";
import { distribute } from "../../util/shares.ts";
import type { StateAccess } from "../platform.ts";
import {
  type Hyperparameters,
  type TrainingState,
  type VectorName,
  vectorNames,
  vectorsIn,
} from "../step/optimizer.ts";
import type { Communicator } from "./communicator.ts";
import { type Partition, unpack } from "./partition.ts";
import {
  bytesOf,
  type Command,
  collectSeen,
  compareNotes,
  type Seen,
  sendCommand,
  vectorOf,
} from "./protocol.ts";
import { writePart } from "./state.ts";

/** Milliseconds between signs of life while the others have nothing to do. */
const pause = 2000;

export class Leader {
  readonly communicator: Communicator;
  readonly partition: Partition;
  /** Whether another rank was told to stop. */
  stopped = false;
  /** Told what the others say. */
  say: (line: string) => void = () => {};
  private readonly beats: ReturnType<typeof setInterval>;
  /** What is said to the others is said one after the other. */
  private queue: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  /** Whether the others compute: they listen when they are done. */
  private busy = false;
  private ended = false;

  constructor(communicator: Communicator, partition: Partition) {
    this.communicator = communicator;
    this.partition = partition;
    this.beats = setInterval(() => {
      if (this.waiting > 0 || this.busy) return;
      // What is wrong is met by whoever needs the others next.
      this.tell({ is: "beat" }).catch(() => {});
    }, pause);
  }

  /** Has the others compile the network; the next update begins with image `first`. */
  async prepare(first: number): Promise<void> {
    await this.tell({ is: "prepare", first });
    this.busy = true;
  }

  /** Begins an update with its first batch. */
  async begin(hyper: Hyperparameters, step: number): Promise<void> {
    this.busy = true;
    await this.tell({ is: "update", step, ...hyper });
  }

  /** Goes on with the next batch. */
  batch(): Promise<void> {
    return this.tell({ is: "batch" });
  }

  /**
   * The batches are done; the steppers add up the gradients next.
   * @throws ReadError or PaletteError when another rank could not make its batches; the update is
   * given up then.
   */
  async sum(): Promise<void> {
    await this.tell({ is: "sum" });
    const notes = await compareNotes(this.communicator, { stop: false, lines: [] });
    for (const [rank, { lines, stop }] of notes.entries()) {
      for (const line of lines) this.say(`rank ${rank}: ${line}`);
      this.stopped ||= stop;
    }
    const rank = notes.findIndex(({ failure }) => failure !== undefined);
    const { failure } = notes[rank] ?? {};
    if (failure === undefined) return;
    this.busy = false;
    const reason = `rank ${rank}: ${failure.reason}`;
    throw failure.unreadable ? new ReadError(reason) : new PaletteError(reason);
  }

  /** Losses and tasks of all ranks' images, once the steppers are done. */
  async collect(own: Seen, batch: number) {
    const seen = await collectSeen(
      this.communicator,
      own,
      distribute(batch, this.communicator.size),
    );
    this.busy = false;
    return seen;
  }

  /** The update is given up before its sum. */
  async giveUp(): Promise<void> {
    if (!this.busy) return;
    await this.tell({ is: "give up" });
    this.busy = false;
  }

  /** The vectors of the state whole. */
  access(state: TrainingState): StateAccess {
    return {
      length: this.partition.length,
      names: vectorsIn(state),
      get step() {
        return state.step;
      },
      set step(value) {
        state.step = value;
      },
      read: (name) => this.gather(state, name),
      write: (name, at, part) => this.write(state, name, at, part),
    };
  }

  /** Lets the others go. */
  async end(failed: boolean): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.beats);
    // They listen again after a failure only when they are told that the update is over.
    if (this.busy) await this.giveUp();
    await this.tell({ is: "end", failed: failed ? 1 : 0 });
  }

  private tell(command: Command, then?: () => Promise<void>): Promise<void> {
    return this.inTurn(async () => {
      await sendCommand(this.communicator, command);
      await then?.();
    });
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    this.waiting += 1;
    const done = this.queue.then(work);
    this.queue = done.catch(() => {});
    try {
      await done;
    } finally {
      this.waiting -= 1;
    }
  }

  private async gather(state: TrainingState, name: VectorName): Promise<Float32Array> {
    if (name === "parameters") return state.parameters;
    const vector = vectorNames.indexOf(name);
    const whole = new Float32Array(this.partition.length);
    await this.tell({ is: "gather", vector }, async () => {
      for (const bucket of this.partition.buckets) {
        const part = whole.subarray(bucket.start, bucket.end);
        unpack(bucket, vectorOf(state, vector), part);
        await this.communicator.allgatherParts(part, bucket.counts);
      }
    });
    return whole;
  }

  private write(
    state: TrainingState,
    name: VectorName,
    at: number,
    part: Float32Array,
  ): Promise<void> {
    const vector = vectorNames.indexOf(name);
    return this.tell({ is: "write", vector, at, length: part.length }, async () => {
      await this.communicator.broadcast(bytesOf(part));
      writePart(state, this.partition, name, at, part);
    });
  }
}

/**
 * Batches, made ahead of the step that takes them. A batch is a function of the seed and of the
 * number of its first image alone, so that a resumed run has exactly the batches of an unbroken
 * one.
 */
import type { ExampleSource } from "../data/examples.ts";
import { imagesPerUpdate, type Optimizer } from "../models/settings/optimizer.ts";
import { type ObjectiveOptions, writeTrainingImage } from "./objective.ts";
import type { TrainingBatch } from "./step/types.ts";

export interface BatchOptions extends ObjectiveOptions {
  /** The losses of an update's batches add up to the mean over all of its images. */
  readonly optimizer: Pick<Optimizer, "batch" | "accumulate">;
  /** Which images of each batch are made, from the first to one past the last; all unless given. */
  readonly range?: readonly [number, number];
}

/** A batch, and the task of each image. */
export interface LabelledBatch extends TrainingBatch {
  readonly tasks: readonly string[];
}

/** Examples that are made at once: enough for all cores, and no more than memory has room for. */
const together = 16;

export class BatchSource {
  private readonly examples: Pick<ExampleSource, "example">;
  private readonly options: BatchOptions;

  constructor(examples: Pick<ExampleSource, "example">, options: BatchOptions) {
    this.examples = examples;
    this.options = options;
  }

  /** The images `first` to `first + batch - 1`, or those of them in the range. */
  async batch(first: number): Promise<LabelledBatch> {
    const { network, objective, optimizer } = this.options;
    const { range: [start, end] = [0, optimizer.batch] } = this.options;
    const batch = end - start;
    const pixels = network.resolution ** 2;
    const values = network.channels * pixels;
    const made: TrainingBatch = {
      source: new Float32Array(batch * values),
      noisy: new Float32Array(batch * values),
      target: new Float32Array(batch * values),
      conditioning: new Float32Array(batch),
      weight: new Float32Array(batch * pixels),
      ...(objective.consistencyImages !== undefined && {
        nearer: {
          noisy: new Float32Array(batch * values),
          conditioning: new Float32Array(batch),
          pull: new Float32Array(batch),
        },
      }),
    };
    const { nearer } = made;
    const share = 1 / imagesPerUpdate(optimizer);
    const tasks: string[] = [];
    for (let done = 0; done < batch; done += together) {
      const some = Math.min(together, batch - done);
      const examples = await Promise.all(
        Array.from({ length: some }, (_, k) => this.examples.example(first + start + done + k)),
      );
      for (const example of examples) {
        const k = tasks.push(example.task.name) - 1;
        const part = (all: Float32Array, each: number) => all.subarray(k * each, (k + 1) * each);
        writeTrainingImage(example, this.options, share, {
          source: part(made.source, values),
          noisy: part(made.noisy, values),
          target: part(made.target, values),
          conditioning: part(made.conditioning, 1),
          weight: part(made.weight, pixels),
          ...(nearer && {
            nearer: {
              noisy: part(nearer.noisy, values),
              conditioning: part(nearer.conditioning, 1),
              pull: part(nearer.pull, 1),
            },
          }),
        });
      }
    }
    return { ...made, tasks };
  }
}

/** Calls `make` for consecutive positions, some ahead of the one that is taken. */
export class Prefetch<T> {
  /** Milliseconds that `next` has waited in all. */
  waited = 0;
  private readonly make: (position: number) => Promise<T>;
  private readonly stride: number;
  private readonly depth: number;
  private readonly queue: Promise<T>[] = [];
  private position: number;

  /** Positions are `first`, `first + stride`, ...; at most `depth` results are held. */
  constructor(
    make: (position: number) => Promise<T>,
    { first, stride, depth = 2 }: { first: number; stride: number; depth?: number },
  ) {
    this.make = make;
    this.position = first;
    this.stride = stride;
    this.depth = depth;
  }

  /** The result for the next position; rejects as `make` did. */
  async next(): Promise<T> {
    this.fill();
    const start = performance.now();
    try {
      return await this.queue.shift()!;
    } finally {
      this.waited += performance.now() - start;
      this.fill();
    }
  }

  private fill(): void {
    while (this.queue.length < this.depth) {
      const made = this.make(this.position);
      // `next` hands a failure on; without a call nobody meets it.
      made.catch(() => {});
      this.queue.push(made);
      this.position += this.stride;
    }
  }
}

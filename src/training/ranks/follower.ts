/** Ranks other than 0: they do what rank 0 says until it lets them go. */
import { PaletteError, ReadError, reasonOf } from "../../util/errors.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { rangesOf } from "../../util/shares.ts";
import { type LabelledBatch, Prefetch } from "../batches.ts";
import { trainingBatches } from "../examples.ts";
import type { TrainingOptions } from "../options.ts";
import type { TrainingPlan } from "../plan.ts";
import type { TrainingPlatform } from "../platform.ts";
import { type TrainingState, vectorNames } from "../step/optimizer.ts";
import { emptyState, partitionOf, stepperOptions, stepStrategy } from "../step/strategy.ts";
import type { StepStrategy, TrainingStepper } from "../step/types.ts";
import type { Communicator } from "./communicator.ts";
import { type Partition, unpack } from "./partition.ts";
import {
  bytesOf,
  type Command,
  collectSeen,
  compareNotes,
  type Notes,
  nextCommand,
  vectorOf,
} from "./protocol.ts";
import { writePart } from "./state.ts";

export type FollowerOptions = Pick<TrainingOptions, "device" | "signal">;

/**
 * Takes part in the training of rank 0 until that is over.
 * @returns whether it ended well; if not, rank 0 says why
 */
export async function followTraining(
  plan: TrainingPlan,
  platform: TrainingPlatform,
  communicator: Communicator,
  options: FollowerOptions,
): Promise<boolean> {
  const follower = new Follower(plan, platform, communicator, options);
  try {
    return await follower.serve();
  } finally {
    await follower.dispose();
  }
}

const givenUp = new Error("given up");

class Follower {
  private readonly plan: TrainingPlan;
  private readonly platform: TrainingPlatform;
  private readonly communicator: Communicator;
  private readonly options: FollowerOptions;
  private readonly partition: Partition;
  private readonly strategy: StepStrategy;
  private readonly state: TrainingState;
  /** Images of each rank in a batch. */
  private readonly ranges: readonly (readonly [number, number])[];
  private stepper: TrainingStepper | undefined;
  private prefetch: Prefetch<LabelledBatch> | undefined;
  private lines: string[] = [];

  constructor(
    plan: TrainingPlan,
    platform: TrainingPlatform,
    communicator: Communicator,
    options: FollowerOptions,
  ) {
    const { network, optimizer } = plan.config;
    this.plan = plan;
    this.platform = platform;
    this.communicator = communicator;
    this.options = options;
    this.strategy = stepStrategy(network);
    this.partition = partitionOf(network, communicator);
    this.state = emptyState(network, this.strategy, this.partition, optimizer);
    this.ranges = rangesOf(optimizer.batch, communicator.size);
  }

  async serve(): Promise<boolean> {
    for (;;) {
      const command = await nextCommand(this.communicator);
      if (command.is === "end") return command.failed === 0;
      await this.obey(command);
    }
  }

  async dispose(): Promise<void> {
    await this.stepper?.dispose();
  }

  private async obey(command: Command): Promise<void> {
    switch (command.is) {
      case "prepare":
        return this.prepare(command.first);
      case "update":
        return this.update(command);
      case "gather": {
        const most = Math.max(...this.partition.buckets.map(({ start, end }) => end - start));
        const whole = new Float32Array(most);
        for (const bucket of this.partition.buckets) {
          const part = whole.subarray(0, bucket.end - bucket.start);
          unpack(bucket, vectorOf(this.state, command.vector), part);
          await this.communicator.allgatherParts(part, bucket.counts);
        }
        return;
      }
      case "write": {
        const part = new Float32Array(command.length);
        await this.communicator.broadcast(bytesOf(part));
        const name = vectorNames[command.vector]!;
        return writePart(this.state, this.partition, name, command.at, part);
      }
    }
  }

  private async prepare(first: number): Promise<void> {
    const { communicator, plan, partition } = this;
    const { config } = plan;
    const range = this.ranges[communicator.rank]!;
    const say = (line: string) => void this.lines.push(line);
    const { source } = trainingBatches(plan, this.platform, { say, range });
    this.prefetch = new Prefetch((at) => source.batch(at), {
      first,
      stride: config.optimizer.batch,
      depth: this.strategy.batchesAhead,
    });
    this.stepper = await this.strategy.createStepper(
      {
        ...stepperOptions(config, range[1] - range[0]),
        state: this.state,
        ranks: { communicator, partition },
        ...omitUndefined({ device: this.options.device }),
      },
      this.platform.spawn,
    );
  }

  private async update(begin: Extract<Command, { is: "update" }>): Promise<void> {
    const { communicator, prefetch, stepper } = this;
    const { accumulate } = this.plan.config.optimizer;
    if (stepper === undefined || prefetch === undefined)
      throw new Error("nothing was prepared before an update");
    const tasks: number[] = [];
    const names = this.plan.config.tasks;
    const last: { heard: Command["is"] } = { heard: "update" };
    const hear = async () => {
      last.heard = (await nextCommand(communicator)).is;
      return last.heard;
    };
    async function* batches(): AsyncGenerator<LabelledBatch> {
      for (let k = 0; k < accumulate; k++) {
        if (k > 0 && (await hear()) !== "batch") throw givenUp;
        const made = await prefetch!.next();
        tasks.push(...made.tasks.map((task) => names.indexOf(task)));
        yield made;
      }
      if ((await hear()) !== "sum") throw givenUp;
      await report();
    }
    const report = async (failure?: Notes["failure"]) => {
      const stop = this.options.signal?.aborted ?? false;
      const notes = await compareNotes(communicator, {
        stop,
        lines: this.lines,
        ...(failure && { failure }),
      });
      this.lines = [];
      if (notes.some((note) => note.failure !== undefined)) throw givenUp;
    };
    stepper.state.step = begin.step;
    try {
      const { losses } = await stepper.step(batches(), begin);
      const shares = this.ranges.map(([start, end]) => end - start);
      await collectSeen(communicator, { losses, tasks }, shares);
    } catch (thrown) {
      if (thrown === givenUp) return;
      // Only what happens before the sum concerns this rank alone, and can be told.
      if (last.heard === "sum" || !(thrown instanceof PaletteError)) throw thrown;
      let word: Command["is"] = last.heard;
      while (word !== "sum" && word !== "give up") word = await hear();
      if (word === "give up") return;
      const failure = { reason: reasonOf(thrown), unreadable: thrown instanceof ReadError };
      await report(failure).catch((other: unknown) => {
        if (other !== givenUp) throw other;
      });
    }
  }
}

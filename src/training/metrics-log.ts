/** What a run keeps of its course: lines of statistics, held-out losses, sheets of samples. */
import { z } from "zod";
import type { ModelConfig } from "../models/config.ts";
import type { Clock, Intervals, Reporter } from "./options.ts";
import type { RunStore, StatsLine } from "./platform.ts";
import type { RunConfig } from "./run-config.ts";
import { learningRateAt } from "./step/optimizer.ts";
import type { Validator } from "./validation.ts";
import type { ValidationLoss } from "./validation-set.ts";

/** Where a training stands. */
export interface TrainingProgress {
  readonly images: number;
  /** Updates made. */
  readonly steps: number;
  /** Made when it is looked at, which is seldom. */
  model(): ModelConfig;
  /** The averaged weights; a device may have to give them first. */
  weights(): Promise<Float32Array>;
  /** The time now: a validation pass takes some. */
  clock(): Clock;
  readonly skippedPhotos: number;
}

/** Sums since the last line: they travel in the checkpoint, as exact numbers. */
const sumSchema = z.strictObject({ sum: z.number(), count: z.int() });
export const meansSchema = z.strictObject({
  loss: sumSchema,
  gradientNorm: sumSchema,
  tasks: z.record(z.string(), sumSchema),
});

type Sum = z.infer<typeof sumSchema>;
/** Sums and counts as plain data. */
export type MeansData = z.infer<typeof meansSchema>;

/** Loss, loss per task (each the mean over its images) and gradient norm (over updates). */
export class RunningMeans {
  private data: MeansData;

  constructor(data: MeansData = emptyMeans()) {
    this.data = structuredClone(data);
  }

  /** Adds an update: the loss of each image, its task, and the norm of the gradient. */
  add(losses: readonly number[], tasks: readonly string[], gradientNorm: number): void {
    losses.forEach((loss, k) => {
      const task = tasks[k]!;
      this.data.tasks[task] ??= { sum: 0, count: 0 };
      addTo(this.data.tasks[task], loss);
      addTo(this.data.loss, loss);
    });
    addTo(this.data.gradientNorm, gradientNorm);
  }

  clear(): void {
    this.data = emptyMeans();
  }

  get images(): number {
    return this.data.loss.count;
  }

  /** In the order of `names`; a task that did not occur is left out. */
  means(names: readonly string[]): {
    loss: number;
    tasks: Record<string, number>;
    gradientNorm: number;
  } {
    const tasks: Record<string, number> = {};
    for (const name of names) {
      const sum = this.data.tasks[name];
      if (sum) tasks[name] = mean(sum);
    }
    return { loss: mean(this.data.loss), tasks, gradientNorm: mean(this.data.gradientNorm) };
  }

  /** A copy as plain data, the tasks sorted. */
  toData(): MeansData {
    const { loss, gradientNorm, tasks } = structuredClone(this.data);
    const sorted = Object.entries(tasks).sort(([a], [b]) => (a < b ? -1 : 1));
    return { loss, gradientNorm, tasks: Object.fromEntries(sorted) };
  }
}

function emptyMeans(): MeansData {
  return { loss: { sum: 0, count: 0 }, gradientNorm: { sum: 0, count: 0 }, tasks: {} };
}

function addTo(sum: Sum, value: number): void {
  sum.sum += value;
  sum.count += 1;
}

function mean({ sum, count }: Sum): number {
  return count === 0 ? 0 : sum / count;
}

export interface MetricsLogOptions extends Intervals {
  readonly signal?: AbortSignal;
  readonly reporter?: Reporter;
}

export class MetricsLog {
  private readonly config: RunConfig;
  private readonly store: RunStore;
  private readonly validator: Validator;
  private readonly options: MetricsLogOptions;
  private means = new RunningMeans();
  private reported = { seen: 0, session: 0, waited: 0 };

  constructor(
    config: RunConfig,
    store: RunStore,
    validator: Validator,
    options: MetricsLogOptions,
  ) {
    this.config = config;
    this.store = store;
    this.validator = validator;
    this.options = options;
  }

  /** Adds an update: the loss of each image, its task, and the norm of the gradient. */
  add(losses: readonly number[], tasks: readonly string[], gradientNorm: number): void {
    this.means.add(losses, tasks, gradientNorm);
  }

  /** Images since the last line. */
  get pending(): number {
    return this.means.images;
  }

  /** The sums since the last line, for a checkpoint. */
  toData(): MeansData {
    return this.means.toData();
  }

  /** Takes up the sums of a checkpoint. */
  resume(sums: MeansData): void {
    this.means = new RunningMeans(sums);
  }

  /** Forgets the sums: they stand in a line already. */
  clear(): void {
    this.means.clear();
  }

  /**
   * Statistics, held-out loss and samples, where the update from `before` images makes them due.
   */
  async record(before: number, standing: TrainingProgress): Promise<void> {
    const { config, options } = this;
    const { images } = standing;
    const due = (every: number) => Math.floor(images / every) > Math.floor(before / every);
    const loss = due(options.heldOutEvery);
    const sheet = due(options.samplesEvery);
    const pass = loss || sheet ? await this.validate(loss, sheet, standing) : {};
    // Given up: the next session makes up for it.
    if (pass === undefined) return;
    const { heldOut } = pass;
    if (!loss && !due(options.statsEvery)) return;
    const { tasks, ...means } = this.means.means(config.tasks);
    const { seen, session, seconds, waited } = standing.clock();
    const elapsed = session - this.reported.session;
    const share = (value: number) => thousandths(elapsed > 0 ? value / elapsed : 0);
    await this.addLine(standing, {
      ...means,
      lossByTask: tasks,
      learningRate: learningRateAt(config.optimizer, images),
      ...lossesIn(heldOut),
      machine: {
        time: new Date().toISOString(),
        seconds: thousandths(seconds),
        imagesPerSecond: share(seen - this.reported.seen),
        waitingShare: share(waited - this.reported.waited),
        skippedPhotos: standing.skippedPhotos,
      },
    });
    this.means.clear();
    this.reported = { seen, session, waited };
  }

  /** Held-out loss and samples of the weights that a run begins with. */
  async recordFirst(standing: TrainingProgress): Promise<void> {
    const pass = await this.validate(true, true, standing);
    if (pass?.heldOut === undefined) return;
    const machine = { time: new Date().toISOString() };
    await this.addLine(standing, { ...lossesIn(pass.heldOut), machine });
  }

  private async addLine(
    { images, steps }: TrainingProgress,
    numbers: Pick<StatsLine, "machine"> & Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const line = { images, steps, ...numbers };
    await this.store.addStats(line);
    this.options.reporter?.recorded?.(line);
  }

  /**
   * Held-out loss and samples at the end of a training; undefined as `Validator.run`, or given up.
   */
  async lastValidation(standing: TrainingProgress): Promise<ValidationLoss | undefined> {
    return (await this.validate(true, true, standing))?.heldOut;
  }

  /** Undefined when it was given up because the signal has come. */
  private async validate(
    loss: boolean,
    sheet: boolean,
    { images, model, weights }: TrainingProgress,
  ): Promise<{ readonly heldOut?: ValidationLoss } | undefined> {
    const { signal, reporter } = this.options;
    const onCall = (done: number, total: number) =>
      reporter?.part?.("network calls of a validation pass", done, total);
    try {
      const options = { images, loss, sheet, signal, onCall };
      return { heldOut: await this.validator.run(model(), weights, options) };
    } catch (thrown) {
      if (signal?.aborted) return undefined;
      throw thrown;
    }
  }
}

function lossesIn(heldOut: ValidationLoss | undefined): object {
  if (heldOut === undefined) return {};
  const { mean, tasks, sources } = heldOut;
  return {
    validationLoss: mean,
    validationLossByTask: tasks,
    ...(sources && { validationLossBySource: sources }),
  };
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

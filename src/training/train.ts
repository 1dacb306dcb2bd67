/**
 * The training loop (the paper's Algorithm 1): batches go to the stepper, what comes back goes to
 * the statistics, and every so often to a run folder. Progress is counted in images. All that
 * decides about the weights is a function of the configuration and of the images seen, so a run
 * that was killed and continued ends with the bytes of one that was not.
 */
import { ExampleSource } from "../data/examples.ts";
import { tasksByShare } from "../data/task-sampler.ts";
import { scheduleFrom } from "../diffusion/schedule.ts";
import type { ModelConfig } from "../models/config.ts";
import { imagesPerUpdate } from "../models/settings/optimizer.ts";
import { ReadError, reasonOf } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { BatchSource, type LabelledBatch, Prefetch } from "./batches.ts";
import { explainError, notFinite } from "./errors.ts";
import { MetricsLog, type TrainingProgress } from "./metrics-log.ts";
import {
  type Clock,
  defaultIntervals,
  type Intervals,
  type Reporter,
  type TrainingOptions,
  type TrainingOutcome,
} from "./options.ts";
import type { TrainingPlan } from "./plan.ts";
import type { RunStore, TrainingPlatform } from "./platform.ts";
import { type RunConfig, trainedModel } from "./run-config.ts";
import type { TrainingState } from "./step/optimizer.ts";
import { emptyState, stepStrategy } from "./step/strategy.ts";
import type { StepStrategy, TrainingStepper } from "./step/types.ts";
import { makeUpdate } from "./step/update.ts";
import { Validator } from "./validation.ts";
import type { ValidationLoss } from "./validation-set.ts";
import { setInitialWeights } from "./warm-start.ts";

const silent: Reporter = { line() {}, progress() {} };

/**
 * Trains, or continues the training in `store`, until a limit is reached or the signal comes. The
 * store is closed at the end, whatever happens.
 * @throws PaletteError in one line when the checkpoint is damaged, the loss is no longer finite (the
 * last checkpoint is kept), no photo can be used, one of them can no longer be read, or the disk is
 * full (both after what was trained is saved, if it can be).
 */
export async function runTraining(
  plan: TrainingPlan,
  store: RunStore,
  platform: TrainingPlatform,
  options: TrainingOptions,
): Promise<TrainingOutcome> {
  try {
    return await new Training(plan, store, platform, options).run();
  } catch (thrown) {
    const error = explainError(thrown);
    store.log(reasonOf(error));
    throw error;
  } finally {
    await store.close();
  }
}

/** One session of a run. */
class Training {
  private readonly plan: TrainingPlan;
  private readonly config: RunConfig;
  private readonly options: TrainingOptions & Intervals;
  private readonly store: RunStore;
  private readonly platform: TrainingPlatform;
  private readonly strategy: StepStrategy;
  private readonly records: MetricsLog;
  private readonly state: TrainingState;
  private readonly examples: ExampleSource;
  private readonly batches: BatchSource;

  private images = 0;
  /** Images and time of the last checkpoint. */
  private saved = { images: 0, at: performance.now() };
  /** Of this session's first image, and the seconds of the sessions before. */
  private start = { images: 0, at: performance.now(), seconds: 0 };
  private prefetch: Prefetch<LabelledBatch> | undefined;

  constructor(
    plan: TrainingPlan,
    store: RunStore,
    platform: TrainingPlatform,
    options: TrainingOptions,
  ) {
    const { config } = plan;
    this.plan = plan;
    this.config = config;
    this.store = store;
    this.platform = platform;
    this.options = { ...defaultIntervals, ...omitUndefined(options) };
    const say = (line: string) => this.say(line);
    const validator = new Validator(plan, { platform, store, say, device: options.device });
    this.records = new MetricsLog(config, store, validator, this.options);
    this.strategy = stepStrategy(config.network);
    this.state = emptyState(config.network, this.strategy);
    const { jpegQuality, ...variation } = config.augmentation;
    this.examples = new ExampleSource({
      reader: platform.reader,
      codec: platform.codec,
      photos: plan.training,
      tasks: tasksByShare(config.tasks, config.mix),
      resolution: config.network.resolution,
      seed: config.seed,
      ...omitUndefined({ weights: plan.weights }),
      ...variation,
      taskOptions: { jpegQuality },
      onSkip: (_path, reason) => this.say(`photo skipped: ${reason}`),
      onEnlarge: (path, { width, height }) =>
        this.say(
          `photos smaller than ${config.network.resolution} pixels a side are enlarged, which teaches blur; the first is ${path} (${width}x${height})`,
        ),
    });
    this.batches = new BatchSource(this.examples, {
      ...config,
      schedule: scheduleFrom(config.trainingSchedule),
    });
  }

  async run(): Promise<TrainingOutcome> {
    await this.resume();
    const { config, options } = this;
    let end = this.reached();
    if (end !== undefined) {
      if (this.images > 0) await this.saveModel();
      if (end === "stopped") return this.finish(end);
      // It may have been killed before its last validation pass.
      const unseen = this.images > 0 && !(await this.store.hasSheet(this.images));
      const heldOut = unseen ? await this.records.lastValidation(this.standing) : undefined;
      this.say(`${this.reachedIn(end)} already: ${this.waysOn(end)}`);
      return this.outcome(end, heldOut);
    }
    const compiling = this.strategy.createStepper(
      {
        network: config.network,
        batch: config.optimizer.batch,
        loss: config.objective.loss,
        threads: config.machine.threads,
        state: this.state,
        device: options.device,
      },
      this.platform.spawn,
    );
    const stepper = await (options.reporter?.waiting?.("Compiling the network", compiling) ??
      compiling);
    try {
      this.start = { ...this.start, at: performance.now() };
      this.saved = { images: this.images, at: performance.now() };
      const prefetch = new Prefetch((first) => this.batches.batch(first), {
        first: this.images,
        stride: config.optimizer.batch,
        depth: this.strategy.batchesAhead,
      });
      this.prefetch = prefetch;
      // It may have come while the network was compiled.
      if (options.signal?.aborted) end = "stopped";
      while (end === undefined) {
        const before = this.images;
        const made = await this.update(stepper, prefetch);
        if (made) await this.orSave(this.records.record(before, this.standing));
        end = this.reached();
        if (end === undefined && this.checkpointDue(before)) await this.save();
      }
    } finally {
      await stepper.dispose();
    }
    await this.keep();
    return this.finish(end);
  }

  /** One update; false when it was given up half way, as the time is over or the signal has come. */
  private async update(
    stepper: TrainingStepper,
    prefetch: Prefetch<LabelledBatch>,
  ): Promise<boolean> {
    const { config, options, state } = this;
    const stride = imagesPerUpdate(config.optimizer);
    const onRun = (done: number) => {
      options.reporter?.part?.("images of this update", done, stride);
      return done === stride || this.reached() === undefined;
    };
    onRun(0);
    const after = this.images + stride;
    const making = makeUpdate(stepper, prefetch, config, { after, step: state.step, onRun });
    const result = await making.catch(async (thrown: unknown) => {
      // An unreadable photo has changed nothing.
      if (thrown instanceof ReadError) await this.saveFirst();
      throw thrown;
    });
    if (result === undefined) return false;
    if (!result.finite)
      throw notFinite(this.images, this.saved.images, config.optimizer.clip !== null);
    this.images = after;
    const losses = Array.from(result.losses, (loss) => loss * stride);
    const { tasks, gradientNorm } = result;
    this.records.add(losses, tasks, gradientNorm);
    const { images, clock } = this;
    options.reporter?.progress({ images, losses, tasks, gradientNorm, clock });
    return true;
  }

  /** Takes up what an earlier session left, or starts anew. */
  private async resume(): Promise<void> {
    const { store, state } = this;
    const found = await store.readCheckpoint(state);
    if (found) {
      this.images = found.images;
      this.records.resume(found.means);
    }
    const recorded = await store.rewindStats(this.images);
    this.start = { images: this.images, at: performance.now(), seconds: await store.readClock() };
    const threads = [store.earlier?.machine.threads, this.config.machine.threads];
    if (found && threads[0] !== threads[1]) {
      this.say(
        `${quantity(this.config.machine.threads, "thread")} instead of ${threads[0]}: sums are rounded differently from here on`,
      );
    }
    const { from } = this.config;
    const photos = quantity(this.plan.training.length, "photo");
    const parameters = quantity(state.parameters.length, "parameter");
    this.say(
      found
        ? `continuing at ${quantity(this.images, "image")}: ${photos}, ${parameters}`
        : `starting${from ? ` with the weights of ${from.name}` : ""}: ${photos}, ${parameters}`,
    );
    for (const note of this.plan.notes) this.say(note);
    const { signal, reporter } = this.options;
    const onPart = (done: number, total: number) =>
      reporter?.part?.("initial weights", done, total);
    if (!found) await setInitialWeights(state, this.config, this.plan.from, { signal, onPart });
    else if (this.records.pending > 0) await this.makeUp(recorded);
  }

  /** What an earlier session could not record, or recorded and did not save. */
  private async makeUp(recorded: number | undefined): Promise<void> {
    const { records, images } = this;
    if (recorded === images) records.clear();
    else await records.record(images - imagesPerUpdate(this.config.optimizer), this.standing);
    if (records.pending === 0) await this.save();
  }

  private reached(): TrainingOutcome["end"] | undefined {
    const { images, hours, signal } = this.options;
    const { annealImages = Number.POSITIVE_INFINITY } = this.config.optimizer;
    if (this.images >= Math.min(images ?? annealImages, annealImages)) return "images";
    if (hours !== undefined && this.clock.seconds >= hours * 3600) return "hours";
    return signal?.aborted ? "stopped" : undefined;
  }

  private checkpointDue(before: number): boolean {
    const every = this.options.checkpointEvery;
    if ("minutes" in every) return performance.now() - this.saved.at >= every.minutes * 60_000;
    return Math.floor(this.images / every.images) > Math.floor(before / every.images);
  }

  private async save(): Promise<void> {
    const { images, records, state, store } = this;
    try {
      await store.syncStats();
    } finally {
      // The weights are worth more than a line of statistics.
      await store.writeCheckpoint(state, { images, means: records.toData() });
      await store.writeClock(this.clock.seconds);
      this.saved = { images, at: performance.now() };
      await this.saveModel();
      store.log(`saved at ${quantity(images, "image")}`);
    }
  }

  /** At the end of a session: saves what is not saved. */
  private async keep(): Promise<void> {
    if (this.images > this.saved.images) return this.save();
    if (this.images === 0) return;
    await this.store.writeClock(this.clock.seconds);
    await this.saveModel();
  }

  /** For what lies between updates: when it fails, the updates are saved first. */
  private async orSave(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      await this.saveFirst();
      throw thrown;
    }
  }

  /** Saves before an error is thrown, if that can be done. */
  private async saveFirst(): Promise<void> {
    const failed = (reason: unknown) => this.store.log(`not saved: ${reasonOf(reason)}`);
    if (this.images > this.saved.images) await this.save().catch(failed);
  }

  private saveModel(): Promise<void> {
    return this.store.writeModel({ config: this.model, parameters: this.state.ema });
  }

  private async finish(end: TrainingOutcome["end"]): Promise<TrainingOutcome> {
    if (this.images === 0) {
      const update = `the first update of ${quantity(imagesPerUpdate(this.config.optimizer), "image")}`;
      const why = end === "stopped" ? "stopped" : "the time was over";
      this.say(`${why} before ${update} was done: there is nothing to save`);
      return this.outcome(end);
    }
    if (end === "stopped") {
      this.say(
        `stopped and saved at ${quantity(this.images, "image")}: the same command continues`,
      );
      return this.outcome(end);
    }
    const heldOut = await this.records.lastValidation(this.standing);
    this.say(`${this.reachedIn(end)}: ${this.store.model}; ${this.waysOn(end)}`);
    return this.outcome(end, heldOut);
  }

  private reachedIn(end: "images" | "hours"): string {
    const hours = quantity(rounded(this.clock.seconds / 3600), "hour");
    return `done with ${quantity(this.images, "image")}${end === "hours" ? ` in ${hours}` : ""}`;
  }

  private waysOn(end: "images" | "hours"): string {
    const { annealImages = Number.POSITIVE_INFINITY } = this.config.optimizer;
    if (this.images < annealImages) return `a larger --${end} continues`;
    return `the learning rate has fallen to 0: --from ${this.store.model} begins another run with these weights`;
  }

  private outcome(end: TrainingOutcome["end"], heldOut?: ValidationLoss): TrainingOutcome {
    return {
      end,
      images: this.images,
      steps: this.state.step,
      seconds: this.clock.seconds,
      seen: this.images - this.start.images,
      skippedPhotos: this.examples.skipped.size,
      model: this.store.model,
      ...(heldOut && { validationLoss: heldOut }),
    };
  }

  /** Training time counts from the first update, with what comes between updates. */
  private get clock(): Clock {
    const running = this.prefetch !== undefined;
    const session = running ? (performance.now() - this.start.at) / 1000 : 0;
    return {
      session,
      seconds: this.start.seconds + session,
      seen: this.images - this.start.images,
      waited: (this.prefetch?.waited ?? 0) / 1000,
    };
  }

  private get standing(): TrainingProgress {
    return {
      images: this.images,
      steps: this.state.step,
      model: () => this.model,
      weights: this.state.ema,
      clock: () => this.clock,
      skippedPhotos: this.examples.skipped.size,
    };
  }

  private get model(): ModelConfig {
    return trainedModel(this.config, { images: this.images, steps: this.state.step });
  }

  private say(text: string): void {
    this.store.log(text);
    (this.options.reporter ?? silent).line(text);
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/**
 * The training loop (the paper's Algorithm 1): batches go to the stepper, what comes back goes to
 * the statistics, and every so often to a run folder. Progress is counted in images. All that
 * decides about the weights is a function of the configuration and of the images seen, so a run
 * that was killed and continued ends with the bytes of one that was not.
 */
import type { ExampleSource } from "../data/examples.ts";
import { imagesPerUpdate } from "../models/settings/optimizer.ts";
import { ReadError, reasonOf } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { rangesOf } from "../util/shares.ts";
import { type BatchSource, type LabelledBatch, Prefetch } from "./batches.ts";
import { explainError, notFinite } from "./errors.ts";
import { trainingBatches } from "./examples.ts";
import { defaultIntervals, type TrainingOptions, type TrainingOutcome } from "./options.ts";
import type { TrainingPlan } from "./plan.ts";
import type { RunStore, TrainingPlatform } from "./platform.ts";
import type { RunConfig } from "./run-config.ts";
import { TrainingSession } from "./session.ts";
import { stepperOptions, stepStrategy } from "./step/strategy.ts";
import type { StepStrategy, TrainingStepper } from "./step/types.ts";
import { makeUpdate } from "./step/update.ts";
import type { ValidationLoss } from "./validation-set.ts";

/**
 * Trains, or continues the training in `store`, until a limit is reached or the signal comes. The
 * store is closed at the end, whatever happens.
 * @throws PaletteError in one line when the checkpoint is damaged, the loss is no longer finite
 * (the last checkpoint is kept), no photo can be used, one of them can no longer be read, or the
 * disk is full (both after what was trained is saved, if it can be).
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

/** The loop over updates of one session of a run, and how it ends. */
class Training {
  private readonly config: RunConfig;
  private readonly session: TrainingSession;
  private readonly platform: TrainingPlatform;
  private readonly strategy: StepStrategy;
  private readonly examples: ExampleSource;
  private readonly source: BatchSource;
  /** Which images of each batch are made here. */
  private readonly range: readonly [number, number];

  constructor(
    plan: TrainingPlan,
    store: RunStore,
    platform: TrainingPlatform,
    options: TrainingOptions,
  ) {
    const { config } = plan;
    this.config = config;
    this.platform = platform;
    this.strategy = stepStrategy(config.network, options.device);
    const { rank, size } = platform.leader?.communicator ?? { rank: 0, size: 1 };
    this.range = rangesOf(config.optimizer.batch, size)[rank]!;
    const made = trainingBatches(plan, platform, {
      say: (line) => this.session.say(line),
      range: this.range,
    });
    this.examples = made.examples;
    this.source = made.source;
    this.session = new TrainingSession(plan, store, platform, {
      strategy: this.strategy,
      options: { ...defaultIntervals, ...omitUndefined(options) },
      skippedPhotos: () => this.examples.skipped.size,
    });
  }

  async run(): Promise<TrainingOutcome> {
    const { config, session } = this;
    const { options, records } = session;
    await session.resume();
    let end = this.reached();
    if (end !== undefined) {
      if (session.images > 0) await session.saveModel();
      if (end === "stopped") return this.finish(end);
      // It may have been killed before its last validation pass.
      const { lastValidation = true } = options;
      const unseen =
        lastValidation && session.images > 0 && !(await session.store.hasSheet(session.images));
      const heldOut = unseen ? await records.lastValidation(session.standing) : undefined;
      session.say(`${this.reachedIn(end)} already: ${this.waysOn(end)}`);
      return this.outcome(end, heldOut);
    }
    if (options.validateFirst && session.images === 0 && !(await session.store.hasSheet(0))) {
      await records.recordFirst(session.standing);
    }
    const { leader } = this.platform;
    await leader?.prepare(session.images);
    const compiling = this.strategy.createStepper(
      {
        ...stepperOptions(config, this.range[1] - this.range[0]),
        state: session.state,
        device: options.device,
        precision: options.precision,
        ...(leader && { ranks: leader }),
      },
      this.platform.spawn,
    );
    const stepper = await (options.reporter?.waiting?.("Compiling the network", compiling) ??
      compiling);
    try {
      const prefetch = new Prefetch((first) => this.source.batch(first), {
        first: session.images,
        stride: config.optimizer.batch,
        depth: this.strategy.batchesAhead,
      });
      session.begin(stepper, () => prefetch.waited);
      // It may have come while the network was compiled.
      if (options.signal?.aborted) end = "stopped";
      while (end === undefined) {
        const before = session.images;
        const made = await this.update(stepper, prefetch);
        if (made) await session.orSave(session.keepSnapshot(before));
        if (made) await session.orSave(records.record(before, session.standing));
        end = this.reached();
        if (end === undefined && session.checkpointDue(before)) await session.save();
      }
      await session.keep();
    } finally {
      await stepper.dispose();
    }
    return this.finish(end);
  }

  /**
   * One update; false when it was given up half way, as the time is over or the signal has come.
   */
  private async update(
    stepper: TrainingStepper,
    prefetch: Prefetch<LabelledBatch>,
  ): Promise<boolean> {
    const { config, session } = this;
    const { options, state } = session;
    const stride = imagesPerUpdate(config.optimizer);
    const onRun = (done: number) => {
      options.reporter?.part?.("images of this update", done, stride);
      return done === stride || this.reached() === undefined;
    };
    onRun(0);
    const after = session.images + stride;
    const { leader } = this.platform;
    const making = makeUpdate(stepper, prefetch, config, {
      ...{ after, step: state.step, onRun },
      ...omitUndefined({ leader, averagesBegan: session.averagesBegan }),
    });
    const result = await making.catch(async (thrown: unknown) => {
      // An unreadable photo has changed nothing.
      if (thrown instanceof ReadError) await session.saveFirst();
      throw thrown;
    });
    if (result === undefined) return false;
    if (!result.finite)
      throw notFinite(session.images, session.savedImages, config.optimizer.clip !== null);
    session.images = after;
    const losses = Array.from(result.losses, (loss) => loss * stride);
    const { tasks, gradientNorm } = result;
    session.records.add(losses, tasks, gradientNorm);
    const { images, clock } = session;
    options.reporter?.progress({ images, losses, tasks, gradientNorm, clock });
    return true;
  }

  private reached(): TrainingOutcome["end"] | undefined {
    const { images, hours, signal } = this.session.options;
    const { annealImages = Number.POSITIVE_INFINITY } = this.config.optimizer;
    if (this.session.images >= Math.min(images ?? annealImages, annealImages)) return "images";
    if (hours !== undefined && this.session.clock.seconds >= hours * 3600) return "hours";
    return signal?.aborted || this.platform.leader?.stopped ? "stopped" : undefined;
  }

  private async finish(end: TrainingOutcome["end"]): Promise<TrainingOutcome> {
    if (this.session.images === 0) {
      const update = `the first update of ${quantity(imagesPerUpdate(this.config.optimizer), "image")}`;
      const why = end === "stopped" ? "stopped" : "the time was over";
      this.session.say(`${why} before ${update} was done: there is nothing to save`);
      return this.outcome(end);
    }
    if (end === "stopped") {
      this.session.say(
        `stopped and saved at ${quantity(this.session.images, "image")}: the same command continues`,
      );
      return this.outcome(end);
    }
    const { options, records, standing } = this.session;
    const { lastValidation = true } = options;
    const heldOut = lastValidation ? await records.lastValidation(standing) : undefined;
    this.session.say(`${this.reachedIn(end)}: ${this.session.store.model}; ${this.waysOn(end)}`);
    return this.outcome(end, heldOut);
  }

  private reachedIn(end: "images" | "hours"): string {
    const hours = quantity(rounded(this.session.clock.seconds / 3600), "hour");
    return `done with ${quantity(this.session.images, "image")}${end === "hours" ? ` in ${hours}` : ""}`;
  }

  private waysOn(end: "images" | "hours"): string {
    const { annealImages = Number.POSITIVE_INFINITY } = this.config.optimizer;
    if (this.session.images < annealImages) return `a larger --${end} continues`;
    return `the learning rate has fallen to 0: --from ${this.session.store.model} begins another run with these weights`;
  }

  private outcome(end: TrainingOutcome["end"], heldOut?: ValidationLoss): TrainingOutcome {
    return {
      end,
      images: this.session.images,
      steps: this.session.state.step,
      seconds: this.session.clock.seconds,
      seen: this.session.seen,
      skippedPhotos: this.examples.skipped.size,
      model: this.session.store.model,
      ...(heldOut && { validationLoss: heldOut }),
    };
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

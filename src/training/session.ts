/**
 * Where a training stands, and what is kept of it: the state and its counters, the clock, the means
 * not yet recorded; taken up from a store and saved there.
 */
import type { ModelConfig } from "../models/config.ts";
import { imagesPerUpdate } from "../models/settings/optimizer.ts";
import { reasonOf, UsageError } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { MetricsLog, type TrainingProgress } from "./metrics-log.ts";
import type { Clock, Intervals, Reporter, TrainingOptions } from "./options.ts";
import type { TrainingPlan } from "./plan.ts";
import type { RunStore, StateAccess, TrainingPlatform } from "./platform.ts";
import { snapshotDue, snapshotKept } from "./power-average.ts";
import { wholeState } from "./ranks/state.ts";
import { type RunConfig, trainedModel } from "./run-config.ts";
import { powerAverages, type TrainingState } from "./step/optimizer.ts";
import { emptyState } from "./step/strategy.ts";
import type { StepStrategy, TrainingStepper } from "./step/types.ts";
import { Validator } from "./validation.ts";
import { setInitialWeights } from "./warm-start.ts";

const silent: Reporter = { line() {}, progress() {} };

export interface SessionParts {
  /** Whose vectors hold the state. */
  readonly strategy: StepStrategy;
  readonly options: TrainingOptions & Intervals;
  /** How many photos of this session could not be used. */
  readonly skippedPhotos: () => number;
}

export class TrainingSession {
  readonly store: RunStore;
  readonly options: TrainingOptions & Intervals;
  readonly state: TrainingState;
  /** The same, vector by vector; other ranks hold parts of some. */
  private readonly access: StateAccess;
  readonly records: MetricsLog;
  /** Seen in all sessions. */
  images = 0;
  /** Images seen when the power-function averages began, where they are kept. */
  averagesBegan: number | undefined;
  private readonly skippedPhotos: () => number;
  /** Of a strategy that keeps the state elsewhere. */
  private fetch: TrainingStepper["fetch"];
  private waited = () => 0;
  private readonly plan: TrainingPlan;
  private readonly config: RunConfig;
  /** Images and time of the last checkpoint. */
  private saved = { images: 0, at: performance.now() };
  /** Of this session: its first image, when its first update began, the seconds before it. */
  private start: { images: number; at?: number; seconds: number } = { images: 0, seconds: 0 };

  constructor(
    plan: TrainingPlan,
    store: RunStore,
    platform: TrainingPlatform,
    { strategy, options, skippedPhotos }: SessionParts,
  ) {
    const { config } = plan;
    this.plan = plan;
    this.config = config;
    this.store = store;
    this.options = options;
    this.skippedPhotos = skippedPhotos;
    const { leader } = platform;
    this.state = emptyState(config.network, strategy, leader?.partition, config.optimizer);
    if (config.optimizer.postHocEma && store.snapshots === undefined)
      throw new UsageError("This kind of run keeps no snapshots: leave out postHocEma.");
    this.access = leader?.access(this.state) ?? wholeState(this.state);
    const say = (line: string) => this.say(line);
    if (leader) leader.say = say;
    const onSheet = (images: number, name: string) => options.reporter?.sheet?.(images, name);
    const { device } = options;
    const validator = new Validator(plan, { platform, store, say, onSheet, device });
    this.records = new MetricsLog(config, store, validator, options);
  }

  /** Takes up what an earlier session left, or starts anew. */
  async resume(): Promise<void> {
    const { store, state } = this;
    const found = await store.readCheckpoint(this.access);
    if (found) {
      this.images = found.images;
      this.averagesBegan = found.averagesBegan;
      this.records.resume(found.means);
    }
    const recorded = await store.rewindStats(this.images);
    this.start = { images: this.images, seconds: await store.readClock() };
    const { earlier } = store;
    const change = earlier && workersChange(earlier.machine, this.config.machine);
    if (found && change) this.say(`${change}: sums are rounded differently from here on`);
    const { from } = this.config;
    const photos = quantity(this.plan.training.length, "photo");
    const parameters = quantity(state.parameters.length, "parameter");
    this.say(
      found
        ? `continuing at ${quantity(this.images, "image")}: ${photos}, ${parameters}`
        : `starting${from ? ` with the weights of ${from.name}` : ""}: ${photos}, ${parameters}`,
    );
    for (const note of this.plan.notes) this.say(note);
    if (found && found.averagesBegan === undefined) await this.beginAverages();
    await this.dropSnapshots();
    const { signal, reporter } = this.options;
    const onPart = (done: number, total: number) =>
      reporter?.part?.("initial weights", done, total);
    if (!found) {
      await setInitialWeights(state, this.config, this.plan.from, { signal, onPart });
      await this.access.write("parameters", 0, state.parameters);
      await this.access.write("ema", 0, state.parameters);
      await this.beginAverages();
    } else if (this.records.pending > 0) await this.makeUp(recorded);
  }

  /** From here on, where the power-function averages are kept. */
  private async beginAverages(): Promise<void> {
    if (!this.config.optimizer.postHocEma) return;
    this.averagesBegan = this.images;
    // The first update leaves nothing of it.
    for (const name of powerAverages) await this.access.write(name, 0, this.state.parameters);
    if (this.images > 0)
      this.say(`the averages of --post-hoc-ema begin at ${quantity(this.images, "image")}`);
  }

  /** After an update from `before` images: keeps a snapshot of the averages where one is due. */
  async keepSnapshot(before: number): Promise<void> {
    const { averagesBegan: began, images, access, store } = this;
    if (began === undefined || !snapshotDue(before - began, images - began)) return;
    await this.fetch?.();
    const { length } = access;
    await store.snapshots?.write({ images, began, length, read: (name) => access.read(name) });
  }

  /** Forgets snapshots of images that will be seen again, and those that are of no use any more. */
  private async dropSnapshots(): Promise<void> {
    const { averagesBegan: began, images, store } = this;
    if (began === undefined) return;
    await store.snapshots?.retain((at) => at > began && snapshotKept(at - began, images - began));
  }

  /** What an earlier session could not record, or recorded and did not save. */
  private async makeUp(recorded: number | undefined): Promise<void> {
    const { records, images } = this;
    if (recorded === images) records.clear();
    else await records.record(images - imagesPerUpdate(this.config.optimizer), this.standing);
    if (records.pending === 0) await this.save();
  }

  /**
   * The clock runs from here on.
   * @param stepper what makes the updates of this session
   * @param waited milliseconds spent waiting for data since then
   */
  begin({ fetch }: Pick<TrainingStepper, "fetch">, waited: () => number): void {
    this.fetch = fetch;
    this.waited = waited;
    this.start.at = performance.now();
    this.saved = { images: this.images, at: performance.now() };
  }

  /** Images seen at the last checkpoint. */
  get savedImages(): number {
    return this.saved.images;
  }

  checkpointDue(before: number): boolean {
    const every = this.options.checkpointEvery;
    if ("minutes" in every) return performance.now() - this.saved.at >= every.minutes * 60_000;
    return Math.floor(this.images / every.images) > Math.floor(before / every.images);
  }

  async save(): Promise<void> {
    const { images, records, store } = this;
    await this.fetch?.();
    try {
      await store.syncStats();
    } finally {
      // The weights are worth more than a line of statistics.
      const { averagesBegan } = this;
      await store.writeCheckpoint(this.access, {
        ...{ images, means: records.toData() },
        ...omitUndefined({ averagesBegan }),
      });
      await this.dropSnapshots();
      await store.writeClock(this.clock.seconds);
      this.saved = { images, at: performance.now() };
      await this.saveModel();
      store.log(`saved at ${quantity(images, "image")}`);
    }
  }

  /** At the end of a session: saves what is not saved. */
  async keep(): Promise<void> {
    if (this.images > this.saved.images) return this.save();
    if (this.images === 0) return;
    await this.store.writeClock(this.clock.seconds);
    await this.saveModel();
  }

  /** For what lies between updates: when it fails, the updates are saved first. */
  async orSave(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      await this.saveFirst();
      throw thrown;
    }
  }

  /** Saves before an error is thrown, if that can be done. */
  async saveFirst(): Promise<void> {
    const failed = (reason: unknown) => this.store.log(`not saved: ${reasonOf(reason)}`);
    if (this.images > this.saved.images) await this.save().catch(failed);
  }

  async saveModel(): Promise<void> {
    await this.fetch?.();
    const parameters = await this.access.read("ema");
    await this.store.writeModel({ config: this.model, parameters });
  }

  /** Training time counts from the first update, with what comes between updates. */
  get clock(): Clock {
    const { at } = this.start;
    const session = at === undefined ? 0 : (performance.now() - at) / 1000;
    return {
      session,
      seconds: this.start.seconds + session,
      seen: this.seen,
      waited: this.waited() / 1000,
    };
  }

  /** Images of this session. */
  get seen(): number {
    return this.images - this.start.images;
  }

  get standing(): TrainingProgress {
    return {
      images: this.images,
      steps: this.state.step,
      model: () => this.model,
      weights: async () => {
        await this.fetch?.();
        return this.access.read("ema");
      },
      clock: () => this.clock,
      skippedPhotos: this.skippedPhotos(),
    };
  }

  private get model(): ModelConfig {
    return trainedModel(this.config, { images: this.images, steps: this.state.step });
  }

  say(text: string): void {
    this.store.log(text);
    (this.options.reporter ?? silent).line(text);
  }
}

type Machine = RunConfig["machine"];

/** What has changed of ranks and threads, which decide about the order of sums. */
function workersChange(before: Machine, now: Machine): string | undefined {
  const changes: string[] = [];
  for (const [what, old, given] of [
    ["rank", before.ranks ?? 1, now.ranks ?? 1],
    ["thread", before.threads, now.threads],
  ] as const)
    if (old !== given) changes.push(`${quantity(given, what)} instead of ${old}`);
  return changes.length === 0 ? undefined : changes.join(", ");
}

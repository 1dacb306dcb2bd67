/** Validation passes over the averaged weights: a loss to compare, a sheet of samples to see. */
import { sampleSeeds } from "../diffusion/samplers/sample.ts";
import { defaultSampler, networkCalls } from "../diffusion/samplers/sampler-config.ts";
import { scheduleFrom } from "../diffusion/schedule.ts";
import type { TextRasterizer } from "../image/codec.ts";
import { contactSheet } from "../image/contact-sheet.ts";
import type { Image } from "../image/image.ts";
import type { ModelConfig } from "../models/config.ts";
import { sampleConditions } from "../pipeline/sample-conditions.ts";
import { createNetwork, type Network } from "../runtime/network.ts";
import type { Device } from "../runtime/runtime.ts";
import { taskNamed } from "../tasks/registry.ts";
import { reasonOf } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import type { PhotoSource, TrainingPlan } from "./plan.ts";
import type { RunStore, TrainingPlatform } from "./platform.ts";
import type { RunConfig } from "./run-config.ts";
import {
  byTask,
  type ValidationExample,
  type ValidationLoss,
  validationExamples,
  validationLoss,
} from "./validation-set.ts";

/**
 * Examples of each task and source: enough to see progress through the differences between photos.
 */
const perTask = 32;
/** Of these, so many of each task are shown, and of each source at least two. */
const shownPerTask = 3;

export interface ValidationOptions {
  /** Images the weights have seen. */
  readonly images: number;
  readonly loss: boolean;
  readonly sheet: boolean;
  readonly signal?: AbortSignal;
  /** Called with 0 and after each image that the network was called for. */
  readonly onCall?: (done: number, total: number) => void;
}

export interface ValidatorOptions {
  readonly platform: Omit<TrainingPlatform, "spawn">;
  /** Keeps the sheets. */
  readonly store: Pick<RunStore, "writeSheet">;
  /** Told what was found. */
  readonly say: (line: string) => void;
  /** Told of each sheet that was kept. */
  readonly onSheet?: (images: number, name: string) => void;
  readonly device?: Device;
}

export class Validator {
  private readonly plan: TrainingPlan;
  private readonly options: ValidatorOptions;
  private prepared: ValidationExample[] | undefined;
  /** What is known of the weights after how many images. */
  private known: { images?: number; loss?: ValidationLoss; sheet?: string } = {};

  constructor(plan: TrainingPlan, options: ValidatorOptions) {
    this.plan = plan;
    this.options = options;
  }

  /**
   * The held-out loss of the weights after `images` images, undefined without held-out photos, and
   * a sheet of samples, of training photos if need be. Both are said. A failed pass does not end a
   * run: the failure is only reported.
   * @throws the signal's reason when it is aborted meanwhile; then nothing is known and nothing
   * said.
   */
  async run(
    model: ModelConfig,
    weights: () => Promise<Float32Array>,
    { images, loss, sheet, signal, onCall }: ValidationOptions,
  ): Promise<ValidationLoss | undefined> {
    if (this.known.images !== images) this.known = { images };
    const { known } = this;
    const { say } = this.options;
    const at = quantity(images, "image");
    try {
      const found = await this.examine(model, weights, {
        images,
        loss: loss && known.loss === undefined,
        sheet: sheet && known.sheet === undefined,
        signal,
        onCall,
      });
      if (found.loss) say(`held-out loss at ${at}: ${inWords(found.loss)}`);
      if (found.sheet) {
        say(`samples: ${found.sheet}`);
        this.options.onSheet?.(images, found.sheet);
      }
      known.loss ??= found.loss;
      known.sheet ??= found.sheet;
      return known.loss;
    } catch (thrown) {
      signal?.throwIfAborted();
      say(`the weights at ${at} could not be looked at: ${reasonOf(thrown)}`);
      return undefined;
    }
  }

  private async examine(
    model: ModelConfig,
    weights: () => Promise<Float32Array>,
    { images, loss, sheet, signal, onCall }: ValidationOptions,
  ): Promise<{ loss?: ValidationLoss; sheet?: string }> {
    if (!loss && !sheet) return {};
    const { platform, store, device } = this.options;
    this.prepared ??= await this.prepare();
    const examples = this.prepared;
    const some = [...byTask(examples).values()].flatMap(shown);
    if (some.length === 0) return {};
    signal?.throwIfAborted();
    const wanted = loss && this.plan.heldOut.length > 0;
    const sheetTotal = sheet ? sheetCalls(model, some.length) : 0;
    const total = sheetTotal + (wanted ? examples.length : 0);
    let done = 0;
    onCall?.(done, total);
    const onImage = () => {
      signal?.throwIfAborted();
      onCall?.(++done, total);
    };
    const loaded = await createNetwork(
      platform.runtime,
      { config: model, parameters: await weights() },
      { device, threads: this.plan.config.machine.threads },
    );
    const network: Network = {
      ...loaded,
      predict: (call) => loaded.predict({ ...call, onImage }),
    };
    try {
      const schedule = scheduleFrom(model.trainingSchedule);
      const found = wanted ? await validationLoss(network, examples, schedule) : undefined;
      // Last: where there is a sheet, the pass was not cut short.
      if (!sheet) return { loss: found };
      const drawn = await samplesSheet(network, some, platform.codec);
      return { loss: found, sheet: await store.writeSheet(images, drawn) };
    } finally {
      await network.dispose();
    }
  }

  private prepare(): Promise<ValidationExample[]> {
    const { config, heldOut, sources } = this.plan;
    const { platform, say } = this.options;
    if (heldOut.length > 0) return heldOutExamples(config, sources, platform, say);
    const photos = sources.map(({ name, training }) => ({ name, photos: training }));
    return validationExamples(photos, config.tasks.map(taskNamed), {
      ...examplesOf(config, platform),
      count: shownPerTask,
      onSkip: (reason) => say(`photo left out of the sheet: ${reason}`),
    });
  }
}

type ExamplePlatform = Pick<TrainingPlatform, "reader" | "codec">;

function examplesOf({ network, augmentation }: RunConfig, { reader, codec }: ExamplePlatform) {
  const { cropScale } = augmentation;
  return { reader, codec, resolution: network.resolution, cropScale };
}

/** What the weights of a run are judged by, from its held-out photos. */
export function heldOutExamples(
  config: RunConfig,
  sources: readonly Pick<PhotoSource, "name" | "heldOut">[],
  platform: ExamplePlatform,
  say: (line: string) => void,
): Promise<ValidationExample[]> {
  const photos = sources.map(({ name, heldOut }) => ({ name, photos: heldOut }));
  return validationExamples(photos, config.tasks.map(taskNamed), {
    ...examplesOf(config, platform),
    count: perTask,
    onSkip: (reason) => say(`held-out photo skipped: ${reason}`),
  });
}

/** Those of a task's examples that are shown: some of each source. */
function shown(ofTask: readonly ValidationExample[]): ValidationExample[] {
  const sources = [...new Set(ofTask.map(({ source }) => source))];
  const each = sources.length > 1 ? 2 : shownPerTask;
  return sources.flatMap((name) =>
    spread(
      ofTask.filter(({ source }) => source === name),
      each,
    ),
  );
}

/** `count` of the values, evenly spaced. */
function spread<T>(values: readonly T[], count: number): T[] {
  const some = Math.min(count, values.length);
  return Array.from({ length: some }, (_, k) => values[Math.floor((k * values.length) / some)]!);
}

function inWords({ mean, tasks, sources = {} }: ValidationLoss): string {
  const list = (losses: Record<string, number>) =>
    Object.entries(losses)
      .map(([name, value]) => `${name} ${value.toFixed(4)}`)
      .join(", ");
  const each = Object.entries(sources).map(([name, losses]) => `; ${name}: ${list(losses)}`);
  return `${mean.toFixed(4)} (${list(tasks)}${each.join("")})`;
}

/** Noise levels visited: enough to judge by, cheap enough to do often. */
const sheetSteps = 20;
/** The shown size of a picture, in pixels, is at least this. */
const shownSide = 128;
const columns = ["input", "sample", "truth"];

/** Images that go through the network for a sheet, counted call by call. */
function sheetCalls({ objective, sampler }: ModelConfig, examples: number): number {
  return (
    examples *
    (objective.regression ? 1 : networkCalls((sampler ?? defaultSampler).sampler, sheetSteps))
  );
}

/** One row a task: input, sample and truth of each of its examples side by side. */
export async function samplesSheet(
  network: Network,
  examples: readonly ValidationExample[],
  text: TextRasterizer,
): Promise<Image> {
  const rows: { images: Image[]; label: string }[] = [];
  for (const [name, some] of byTask(examples)) {
    const samples = await samplesOf(network, some);
    rows.push({
      images: some.flatMap(({ condition, y }, k) => [condition.x, samples[k]!, y]),
      label: `${name}: ${some.map(({ condition }) => condition.detail).join(", ")}`,
    });
  }
  const width = Math.max(...rows.map(({ images }) => images.length));
  return contactSheet(rows, text, {
    headings: Array.from({ length: width }, (_, c) => columns[c % columns.length]!),
    scale: Math.max(1, Math.ceil(shownSide / examples[0]!.y.width)),
  });
}

/** One sample of each of some examples of one task; their holes have the noise of the examples. */
function samplesOf(network: Network, examples: readonly ValidationExample[]): Promise<Image[]> {
  const seeds = sampleSeeds(`held out ${examples[0]!.task.name}`, examples.length);
  const samples = examples.map(({ condition }, k) => ({ condition, seed: seeds[k]! }));
  return sampleConditions(network, samples, { steps: sheetSteps, holeNoise: "given" });
}

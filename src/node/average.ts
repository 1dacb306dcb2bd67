/**
 * Averages of a run's weights whose length is chosen afterwards (`training/power-average.ts`), from
 * its checkpoint and the snapshots beside it. The run may go on meanwhile.
 */
import { splitHoldOut } from "../data/hold-out.ts";
import { scheduleFrom } from "../diffusion/schedule.ts";
import type { Model } from "../models/model.ts";
import type { SafetensorsReader } from "../models/safetensors-reader.ts";
import { createNetwork } from "../runtime/network.ts";
import { nodeRuntime } from "../runtime/node/index.ts";
import type { Device } from "../runtime/runtime.ts";
import { checkpointCounters } from "../training/checkpoint.ts";
import { keptLengths, longestLength, shortestLength } from "../training/power-average.ts";
import { combine, type Profile } from "../training/profile-combination.ts";
import { type RunConfig, trainedModel } from "../training/run-config.ts";
import { type PowerAverage, powerAverages, type VectorName } from "../training/step/optimizer.ts";
import { heldOutExamples } from "../training/validation.ts";
import {
  type ValidationExample,
  type ValidationLoss,
  validationLoss,
} from "../training/validation-set.ts";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import { nodeCodec, photoFiles } from "./codec.ts";
import { scanPhotoSets } from "./photo-folders.ts";
import { RunFolder } from "./run-folder.ts";
import { openSafetensors } from "./safetensors-file.ts";

/** From here on a combination is another average than was asked for. */
const largestError = 0.3;

export interface AverageOptions {
  readonly signal?: AbortSignal;
  /** Told how many of all vectors are added up. */
  readonly onPart?: (done: number, total: number) => void;
}

export interface PostHocAverage {
  readonly model: Model;
  /** How far its profile is from the wanted one, see `Combination`. */
  readonly error: number;
}

export interface HeldOutOptions {
  /** The run's photos; where it found them itself unless given. */
  readonly data?: readonly string[];
  readonly device?: Device;
  /** Of the engine; those of the run unless given. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Told of photos that cannot be used. */
  readonly onNote?: (line: string) => void;
  /** Told how many of a pass's network calls are done. */
  readonly onCall?: (done: number, total: number) => void;
}

/** A vector on disk that has a part in the averages. */
interface Part extends Profile {
  readonly file: SafetensorsReader;
  readonly name: PowerAverage;
}

/** The averages of a run up to its checkpoint. */
export class RunAverages {
  readonly config: RunConfig;
  /** Images seen at the checkpoint, and when the averages began. */
  readonly images: number;
  readonly began: number;
  private readonly steps: number;
  private readonly checkpoint: SafetensorsReader;
  private readonly parts: readonly Part[];
  private examples: ValidationExample[] | undefined;

  private constructor(
    config: RunConfig,
    checkpoint: SafetensorsReader,
    { images, began, steps }: Record<"images" | "began" | "steps", number>,
    parts: readonly Part[],
  ) {
    this.config = config;
    this.checkpoint = checkpoint;
    this.images = images;
    this.began = began;
    this.steps = steps;
    this.parts = parts;
  }

  /**
   * Opens the averages of the run in a folder.
   * @throws PaletteError when there is no such run, or it keeps no averages.
   */
  static async open(run: string): Promise<RunAverages> {
    const config = await RunFolder.begunIn(run);
    if (config === undefined)
      throw new PaletteError(`${run} holds no training with a checkpoint: name a run's --out.`);
    const path = RunFolder.checkpointIn(run);
    const files: SafetensorsReader[] = [];
    try {
      const checkpoint = await openSafetensors(path);
      files.push(checkpoint);
      const { images, step: steps, averagesBegan: began } = checkpointCounters(checkpoint);
      if (began === undefined || images === began) {
        const remedy = began === undefined ? "continue it with --post-hoc-ema" : "train on first";
        throw new PaletteError(`${run} keeps no averages to choose from yet: ${remedy}.`);
      }
      const folder = RunFolder.snapshotsIn(run);
      const parts = partsOf(checkpoint, images - began);
      for (const at of await folder.list()) {
        if (at <= began || at >= images) continue;
        const file = await folder.open(at, began);
        if (file === undefined) continue;
        files.push(file);
        parts.push(...partsOf(file, at - began));
      }
      return new RunAverages(config, checkpoint, { images, began, steps }, parts);
    } catch (thrown) {
      await Promise.all(files.map((file) => file.close()));
      if (thrown instanceof PaletteError) throw thrown;
      throw new PaletteError(`${path} cannot be read: ${reasonOf(thrown)}.`, { cause: thrown });
    }
  }

  async close(): Promise<void> {
    await Promise.all([...new Set(this.parts.map(({ file }) => file))].map((file) => file.close()));
  }

  /**
   * The average of a length, sigma_rel, 0.02 to 0.25.
   * @throws UsageError for another length; PaletteError when the snapshots cannot give it, or a
   * file is damaged.
   */
  async average(length: number, { signal, onPart }: AverageOptions = {}): Promise<PostHocAverage> {
    if (!(length >= shortestLength && length <= longestLength))
      throw new UsageError(
        `The average's length is a number from ${shortestLength} to ${longestLength}, not ${length}.`,
      );
    const { shares, error } = combine(this.parts, { length, t: this.images - this.began });
    if (error > largestError)
      throw new PaletteError(
        `The run has too few snapshots yet for an average of length ${length}: train on, or choose a length nearer to ${keptLengths.emaShort} or ${keptLengths.emaLong}.`,
      );
    let parameters: Float32Array | undefined;
    for (const [k, { file, name }] of this.parts.entries()) {
      onPart?.(k, this.parts.length);
      const share = shares[k]!;
      for await (const { at, part } of file.parts(placeOf(file, name))) {
        signal?.throwIfAborted();
        parameters ??= new Float32Array(this.length);
        for (let i = 0; i < part.length; i++) parameters[at + i]! += share * part[i]!;
      }
    }
    return { model: this.model(parameters!, length), error };
  }

  /** The average that the run makes anyway, of `emaDecay`. */
  async ordinary(): Promise<Model> {
    return this.model(await this.checkpoint.read(placeOf(this.checkpoint, "ema")));
  }

  /**
   * The held-out loss of a model, by the run's own validation set.
   * @throws PaletteError when the run holds out no photos, or these are not where they were.
   */
  async heldOutLoss(model: Model, options: HeldOutOptions = {}): Promise<ValidationLoss> {
    const { device, threads = this.config.machine.threads, signal, onCall } = options;
    this.examples ??= await this.heldOut(options);
    const examples = this.examples;
    const network = await createNetwork(nodeRuntime, model, { device, threads });
    let done = 0;
    onCall?.(done, examples.length);
    const onImage = () => {
      signal?.throwIfAborted();
      onCall?.(++done, examples.length);
    };
    try {
      return await validationLoss(
        { ...network, predict: (call) => network.predict({ ...call, onImage }) },
        examples,
        scheduleFrom(model.config.trainingSchedule),
      );
    } finally {
      await network.dispose();
    }
  }

  private async heldOut({ data, onNote }: HeldOutOptions): Promise<ValidationExample[]> {
    const { machine, photos } = this.config;
    const sets = await scanPhotoSets(data ?? machine.folders);
    if (sets.map(({ digest }) => digest).join() !== photos.digests.join())
      throw new PaletteError(
        "The photos are not those of the run: name its folders by --data, as they were then.",
      );
    const { heldOut } = splitHoldOut(
      sets.map((set) => set.photos),
      photos.holdOut,
    );
    if (heldOut.length === 0)
      throw new PaletteError(
        "The run holds out no photos: there is nothing to compare lengths by.",
      );
    const known = new Set(heldOut);
    const sources = sets.map(({ name, photos: all }) => ({
      name,
      heldOut: all.filter((photo) => known.has(photo)),
    }));
    const platform = { reader: photoFiles, codec: nodeCodec };
    return heldOutExamples(this.config, sources, platform, (line) => onNote?.(line));
  }

  /** Numbers of a vector. */
  private get length(): number {
    return placeOf(this.checkpoint, "parameters").shape[0]!;
  }

  private model(parameters: Float32Array, averageLength?: number): Model {
    const { training, ...config } = trainedModel(this.config, {
      images: this.images,
      steps: this.steps,
    });
    const chosen = averageLength !== undefined && { averageLength };
    return { config: { ...config, training: { ...training!, ...chosen } }, parameters };
  }
}

function partsOf(file: SafetensorsReader, t: number): Part[] {
  return powerAverages.map((name) => ({ file, name, t, length: keptLengths[name] }));
}

/** @throws PaletteError when the file lacks it. */
function placeOf({ places }: SafetensorsReader, name: VectorName) {
  const place = places.get(name);
  if (place === undefined)
    throw new PaletteError(`A file of the run lacks ${name}: it is damaged.`);
  return place;
}

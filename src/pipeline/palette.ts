/**
 * Restoring pictures with a trained model: the library's front door. A task makes the condition, a
 * sampler calls the network, and the known pixels are put back over the answer.
 */

import type { KnownPixels } from "../diffusion/known-pixels.ts";
import { type SamplingStep, sample, sampleSeeds } from "../diffusion/samplers/sample.ts";
import {
  resolveSampler,
  type SamplerChoices,
  type SamplerConfig,
} from "../diffusion/samplers/sampler-config.ts";
import { scheduleFrom, smallestGamma } from "../diffusion/schedule.ts";
import {
  createMask,
  type Image,
  isGray,
  type Mask,
  warmTone,
  withoutColours,
} from "../image/image.ts";
import { stack, unstack } from "../image/stack.ts";
import type { ModelConfig } from "../models/config.ts";
import { type Network, regress } from "../runtime/network.ts";
import type { SessionOptions } from "../runtime/runtime.ts";
import { type TiledNetwork, tiled } from "../runtime/tiled.ts";
import { noiseInMask } from "../tasks/mask-noise.ts";
import { givesColours, type TaskName, taskNamed } from "../tasks/registry.ts";
import { type Condition, compose, type Task } from "../tasks/task.ts";
import type { Side } from "../tasks/uncrop.ts";
import { PaletteError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { Random } from "../util/random.ts";
import {
  checkOptions,
  type SamplingOptions,
  type SamplingProgress,
  samplingDefaults,
} from "./sampling-options.ts";

/** Floats of a pixel and channel while it is sampled: x, y_t, the estimates, the known pixels, copies. */
const floatsInUse = 9;

/** A step of part `part` of `parts`, counted over all of them. */
function overParts(done: SamplingProgress, part: number, parts: number): SamplingProgress {
  return { ...done, step: part * done.steps + done.step, steps: parts * done.steps };
}

/** A condition to be answered, and the seed of its answers. */
export interface SampleRequest {
  readonly condition: Condition;
  readonly seed: number;
}

export interface PaletteOptions extends SessionOptions {
  /** Told, in a line, what may disappoint but is no error; default: on stderr. */
  readonly onWarning?: (line: string) => void;
}

/** From here on pixels change little: what sets them is to show no tiles. */
const settledGamma = 0.9;

/** Answers to larger pictures are drawn one after the other. */
const defaultPixelsAtOnce = 8e6;

/** A trained model and the tasks it restores pictures with. */
export class Palette {
  readonly config: ModelConfig;
  private readonly network: TiledNetwork;
  private readonly pixelsAtOnce: number;
  private readonly onWarning: (line: string) => void;
  private readonly warned = new Set<string>();

  /**
   * `Palette.load` of node/ and web/ is the usual way. The network is disposed of with the palette.
   * @param pixelsAtOnce so many pixels of answers `restore` draws side by side at most
   * @throws PaletteError when the network is not for RGB pictures.
   */
  constructor(
    network: Network,
    onWarning: (line: string) => void = console.warn,
    pixelsAtOnce = defaultPixelsAtOnce,
  ) {
    const { name, network: shape } = network.config;
    if (shape.channels !== 3) {
      throw new PaletteError(
        `${name} is for pictures of ${shape.channels} channels, but photos have 3: call it with loadNetwork.`,
      );
    }
    this.network = tiled(network);
    this.config = network.config;
    this.onWarning = onWarning;
    this.pixelsAtOnce = pixelsAtOnce;
  }

  /** Side of the square pictures that this model sees and answers with. */
  get resolution(): number {
    return this.config.network.resolution;
  }

  /**
   * How answers are drawn with these options: what is not chosen is as the model's config.json says.
   * @throws UsageError for what does not go together.
   */
  drawing(choices: SamplerChoices = {}): SamplerConfig {
    return resolveSampler(choices, this.config.sampler);
  }

  /** Gives a photo colours; what colours it has are not looked at. */
  async colorize(image: Image, options?: SamplingOptions): Promise<Image[]> {
    return this.restore("colorize", image, options);
  }

  /** Fills the mask's hole; the other pixels stay exactly as they are. */
  async inpaint(
    image: Image,
    options: SamplingOptions & { readonly mask: Mask },
  ): Promise<Image[]> {
    return this.restore("inpaint", image, options);
  }

  /** Continues the photo at one side, or (the default) all around, by `ratio` of its size. */
  async uncrop(
    image: Image,
    options: SamplingOptions & { readonly side?: Side; readonly ratio?: number } = {},
  ): Promise<Image[]> {
    return this.restore("uncrop", image, { side: "all", ...options });
  }

  /** Removes the traces of strong JPEG compression. */
  async dejpeg(image: Image, options?: SamplingOptions): Promise<Image[]> {
    return this.restore("dejpeg", image, options);
  }

  /** Enlarges a photo `scale` times (2 unless given, 1 to 8) and gives it detail. */
  async upscale(
    image: Image,
    options?: SamplingOptions & { readonly scale?: number },
  ): Promise<Image[]> {
    return this.restore("sharpen", image, options);
  }

  /**
   * Any task by its name, for a picture of any size. What comes back has the picture's size, larger by
   * what was asked for when uncropping; larger pictures than the model's are looked at in overlapping
   * tiles or at a smaller size, as the task says. A gray picture stays gray unless it is colorized.
   * @returns `samples` pictures in [-1, 1]
   * @throws UsageError for impossible options, PaletteError for an impossible picture or mask and for
   * what would not fit in memory, the signal's reason when aborted.
   */
  async restore<Options extends object = object>(
    task: TaskName | (string & {}) | Task<string, Options>,
    image: Image,
    options: SamplingOptions & Partial<Options> = {},
  ): Promise<Image[]> {
    checkOptions(options);
    this.drawing(options);
    const chosen: Task = typeof task === "string" ? taskNamed(task) : task;
    this.warnUnlessTrainedFor(chosen.name);
    const { seed = samplingDefaults.seed, samples = samplingDefaults.samples } = options;
    const random = Random.from(seed, "condition");
    const prepared = await chosen.prepare(image, this.resolution, random, options);
    const plain = !chosen.colours && isGray(image);
    const conditions = plain
      ? prepared.conditions.map((condition) => this.unlikeColorization(condition))
      : prepared.conditions;
    const parts = conditions.flatMap((condition, k) =>
      this.batches(condition, samples).map((batch) => ({ condition, k, ...batch })),
    );
    this.checkMemory(image, conditions, samples);
    const answers: Image[][] = conditions.map(() => []);
    for (const [part, { condition, k, first, count }] of parts.entries()) {
      const own = k === 0 ? seed : Random.from(seed, "part", k).integer(0, 2 ** 31 - 1);
      const onStep =
        options.onStep &&
        ((done: SamplingProgress) => options.onStep!(overParts(done, part, parts.length)));
      const some = { ...options, samples: count, onStep };
      const [drawn] = await this.draw([{ condition, seed: own }], some, first);
      answers[k]!.push(...drawn!);
    }
    const finished: Image[] = [];
    for (let k = 0; k < samples; k++) {
      options.signal?.throwIfAborted();
      options.onFinish?.(k, samples);
      const picture = await prepared.finish(answers.map((each) => each[k]!));
      finished.push(plain ? withoutColours(picture) : picture);
    }
    return finished;
  }

  /**
   * Answers to a condition that is made already (by a task, at the model's resolution). The noise in
   * a hole is drawn anew for each answer.
   */
  async answer(condition: Condition, options: SamplingOptions = {}): Promise<Image[]> {
    const seed = options.seed ?? samplingDefaults.seed;
    const [answers] = await this.sampleBatch([{ condition, seed }], options);
    return answers!;
  }

  /**
   * Answers to several conditions of one size, side by side on all cores; each gets the same answers,
   * to the bit, as from `answer` with its seed. `options.seed` is not looked at; the estimates of
   * `onStep` are those of all answers, condition by condition.
   * @param options.together lets answers go through the network together, which takes a quarter less time
   * at 64x64; what they are together with then shows in their last bits
   * @returns for each condition its `samples` pictures
   */
  async sampleBatch(
    questions: readonly SampleRequest[],
    options: Omit<SamplingOptions, "seed"> & { readonly together?: boolean } = {},
  ): Promise<Image[][]> {
    for (const { seed } of questions) checkOptions({ ...options, seed });
    return this.draw(questions, options, 0);
  }

  /** Answers number `first` and following to each question. */
  private async draw(
    questions: readonly SampleRequest[],
    options: Omit<SamplingOptions, "seed"> & { readonly together?: boolean },
    first: number,
  ): Promise<Image[][]> {
    const { samples, steps } = { ...samplingDefaults, ...omitUndefined(options) };
    const { onStep, onTiles, signal } = options;
    const drawing = this.drawing(options);
    const [one] = questions;
    if (one === undefined) return [];
    const { config, network } = this;
    const { width, height } = one.condition.x;
    const each = questions.flatMap(({ condition, seed }) =>
      sampleSeeds(seed, samples, first).map((name) => ({ condition, name })),
    );
    const seeds = each.map(({ name }) => name);
    const source = stack(
      each.map(({ condition: { x, mask, holeIsShown }, name }) =>
        mask === undefined || holeIsShown
          ? x.data
          : noiseInMask(x, mask, Random.from(...name, "hole")).data,
      ),
    );
    const shape = [each.length, config.network.channels, height, width] as const;
    const units = options.together ? [each.length] : undefined;
    const compositions = (values: Float32Array) =>
      unstack(values, each.length).map((data, k) => {
        const { condition } = each[k]!;
        return compose(condition, { ...condition.x, data });
      });
    const grouped = (images: Image[]) =>
      questions.map((_, k) => images.slice(k * samples, (k + 1) * samples));

    if (config.objective.regression) {
      signal?.throwIfAborted();
      const images = compositions(await regress(network, source, shape));
      await onStep?.({ step: 1, steps: 1, gamma: 0, estimates: () => images });
      return grouped(images);
    }
    const known = knownOf(each.map(({ condition }) => condition));
    const inferenceSchedule = scheduleFrom(config.inferenceSchedule);
    const habits = drawing.sampler === "ddpm" ? config.ddpm : undefined;
    const ownStart = habits?.start === "source";
    const result = await sample(
      {
        shape,
        prediction: config.objective.prediction,
        predict: (noisy, gamma, nextGamma) =>
          network.predict({
            ...{ source, noisy, gamma, shape, units, wanted: known?.mask },
            ...{ onTiles, signal, settles: nextGamma > settledGamma },
          }),
        known,
        starts: ownStart
          ? unstack(source, each.length).map((x, k) => (each[k]!.condition.mask ? x : undefined))
          : undefined,
      },
      {
        ...drawing,
        steps,
        seeds,
        clip: options.clip ?? habits?.clip,
        ...(habits && { variance: habits.variance }),
        belowTrained:
          options.belowTrained ??
          (habits?.belowTrained === true && steps >= inferenceSchedule.steps),
        signal,
        schedule: inferenceSchedule,
        smallestGamma: smallestGamma(scheduleFrom(config.trainingSchedule)),
      },
      onStep &&
        (({ step, steps: calls, gamma, y0 }: SamplingStep) =>
          onStep({ step, steps: calls, gamma, estimates: () => compositions(y0) })),
    );
    return grouped(compositions(result));
  }

  /** Ends the engine's threads; the palette cannot be used afterwards. */
  async dispose(): Promise<void> {
    await this.network.dispose();
  }

  /** Tells, once, when the model was not trained for what it is about to be used for. */
  warnUnlessTrainedFor(task: string): void {
    const { tasks, name } = this.config;
    if (tasks.includes(task) || this.warned.has(task)) return;
    this.warned.add(task);
    const trained = tasks.length === 0 ? "nothing" : tasks.join(", ");
    this.onWarning(`Warning: ${name} was trained for ${trained}, not for ${task}.`);
  }

  /**
   * A model that colorizes takes a whole gray source for a photo to be given colours and leaves the rest,
   * blocks too, as it is (docs/experiments/013); one that looks like an old print it does not.
   */
  private unlikeColorization(condition: Condition): Condition {
    const { tasks, training } = this.config;
    const alike =
      condition.mask === undefined && givesColours(tasks) && !training?.augmentation?.gray;
    return alike ? { ...condition, x: warmTone(condition.x) } : condition;
  }

  /** The answers that are drawn side by side. */
  private batches({ x }: Condition, samples: number): { first: number; count: number }[] {
    const most = Math.max(1, Math.floor(this.pixelsAtOnce / (x.width * x.height)));
    return Array.from({ length: Math.ceil(samples / most) }, (_, batch) => ({
      first: batch * most,
      count: Math.min(most, samples - batch * most),
    }));
  }

  private checkMemory(photo: Image, conditions: readonly Condition[], samples: number): void {
    const sizes = conditions.map(({ x }) => x.data.length);
    const drawn = conditions.map(
      (condition) => condition.x.data.length * this.batches(condition, samples)[0]!.count,
    );
    const kept = samples * (photo.data.length + sizes.reduce((a, b) => a + b, 0));
    this.network.assertFits?.(
      4 * (floatsInUse * Math.max(...drawn) + kept),
      `Restoring ${photo.width}x${photo.height} pixels ${samples === 1 ? "once" : `${samples} times`}`,
      "take a smaller picture or fewer samples",
    );
  }
}

/** The known pixels of a batch; a condition without a mask has none among others that have one. */
function knownOf(conditions: readonly Condition[]): KnownPixels | undefined {
  if (conditions.every(({ mask }) => mask === undefined)) return undefined;
  return {
    data: stack(conditions.map(({ x }) => x.data)),
    mask: stack(
      conditions.map(({ x, mask }) => mask?.data ?? createMask(x.width, x.height, 1).data),
    ),
  };
}

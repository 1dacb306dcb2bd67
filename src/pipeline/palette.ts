/**
 * Restoring images with a trained model: the library's front door. A task makes the conditions, a
 * sampler calls the network, and the task finishes the image.
 */

import { sampleSeeds } from "../diffusion/samplers/sample.ts";
import {
  resolveSampler,
  type SamplerChoices,
  type SamplerConfig,
} from "../diffusion/samplers/sampler-config.ts";
import { checkImage } from "../image/check-image.ts";
import { copyOf, type Image, isGray, type Mask } from "../image/image.ts";
import type { ModelConfig } from "../models/config.ts";
import { ownSampler } from "../models/settings/sampling.ts";
import type { Network, NetworkOptions } from "../runtime/network.ts";
import type { SessionOptions } from "../runtime/runtime.ts";
import { tintGray } from "../tasks/gray-photo.ts";
import type { UncropOptions } from "../tasks/growth.ts";
import { givesColours, type TaskName, taskNamed } from "../tasks/registry.ts";
import type { Condition, EnlargedFill, Task } from "../tasks/task.ts";
import { PaletteError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { assertSamplesFit, pixelsAtOnceByDefault } from "./batches.ts";
import { checkGuidance } from "./guidance.ts";
import { checkOptionNames, optionNamesOf } from "./option-names.ts";
import { Restoration } from "./restoration.ts";
import { callsOf, sampleConditions } from "./sample-conditions.ts";
import {
  checkOptions,
  ownStart,
  ownSteps,
  type SamplingOptions,
  samplingDefaults,
  type WalkStart,
} from "./sampling-options.ts";
import { FillSharpener } from "./sharpen-fill.ts";

/** A condition, and the seed of its samples. */
export interface SampleRequest {
  readonly condition: Condition;
  readonly seed: number;
}

export interface PaletteOptions extends SessionOptions, Pick<NetworkOptions, "precision"> {
  /** Told, in a line, what may disappoint but is no error; default: on stderr. */
  readonly onWarning?: (line: string) => void;
  /** Pixels of samples that `restore` takes side by side at most; default 8 million. */
  readonly pixelsAtOnce?: number;
}

/** A trained model and the tasks it restores images with. */
export class Palette {
  readonly config: ModelConfig;
  private readonly network: Network;
  private readonly pixelsAtOnce: number;
  private readonly onWarning: (line: string) => void;
  private readonly warned = new Set<string>();

  /**
   * `Palette.load` of node/ and web/ is the usual way. The network is disposed of with the palette.
   * @throws PaletteError when the network is not for RGB images.
   */
  constructor(
    network: Network,
    { onWarning = console.warn, pixelsAtOnce = pixelsAtOnceByDefault }: PaletteOptions = {},
  ) {
    const { name, network: shape } = network.config;
    if (shape.channels !== 3) {
      throw new PaletteError(
        `${name} is for pictures of ${shape.channels} channels, but photos have 3: call it with loadNetwork.`,
      );
    }
    this.network = network;
    this.config = network.config;
    this.onWarning = onWarning;
    this.pixelsAtOnce = pixelsAtOnce;
  }

  /** Side of the square images that this model was trained on. */
  get resolution(): number {
    return this.config.network.resolution;
  }

  /**
   * The sampler that these choices give; the rest is as the model's config.json says, of the task
   * if one is named.
   * @throws UsageError for what does not go together.
   */
  samplerConfig(choices: SamplerChoices = {}, task?: TaskName | (string & {})): SamplerConfig {
    const { config } = this;
    return resolveSampler(choices, task === undefined ? config.sampler : ownSampler(config, task));
  }

  /**
   * Noise levels that a sample of this task visits with these options: those chosen, or as the
   * model's config.json says where no sampler is named, or 20.
   */
  stepsFor(task: string, { steps, sampler, mean }: SamplingOptions = {}): number {
    if (mean) return 1;
    return steps ?? (sampler === undefined ? ownSteps(this.config, task) : samplingDefaults.steps);
  }

  /** Whether what is filled and enlarged is sharpened: the model can, and it is not declined. */
  sharpens({ sharpen = true }: Pick<SamplingOptions, "sharpen"> = {}): boolean {
    return sharpen && this.config.tasks.includes("sharpen");
  }

  /** @internal Network calls of a sample with these options, `steps` among them. */
  callsOf(options: SamplingOptions & { readonly steps: number }): number {
    return callsOf(this.config, options);
  }

  /** @internal What sharpens these fillings with these options, if anything does. */
  fillSharpener(fillings: readonly EnlargedFill[], options: SamplingOptions): FillSharpener {
    return new FillSharpener(this.network, this.sharpens(options) ? fillings : [], options);
  }

  /**
   * Why `restore` would give a photo back as it is, in words that follow its name; undefined where
   * it restores it. `options.force` is not looked at.
   */
  leavesAsIs(task: TaskName | (string & {}) | Task, options: object): string | undefined {
    const chosen: Task = typeof task === "string" ? taskNamed(task) : task;
    const { sampling, name } = this.config;
    return sampling && chosen.leavesAsIs?.(options, sampling, name);
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

  /**
   * Continues the photo at one side, several, or (the default) all around, by `ratio` of its size
   * or up to an aspect ratio or size.
   */
  async uncrop(image: Image, options: SamplingOptions & UncropOptions = {}): Promise<Image[]> {
    return this.restore("uncrop", image, { side: "all", ...options });
  }

  /**
   * Removes the traces of strong JPEG compression. The `quality` of the photo's file
   * (`jpegQuality`) decides about the network's share in the answer, as the model's config.json
   * says; a photo that the model does not improve comes back as it is. `force` gives the network's
   * own answer.
   */
  async dejpeg(
    image: Image,
    options?: SamplingOptions & { readonly quality?: number },
  ): Promise<Image[]> {
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
   * Any task by its name, for an image of any size. The result has the image's size, or the one
   * that the task gives it. Images larger than the model's are seen in overlapping tiles or at a
   * smaller size, as the task says. A gray image stays gray unless it is colorized.
   * @returns `samples` images in [-1, 1]
   * @throws UsageError for impossible options, PaletteError for an impossible image or mask or too
   * little memory, the signal's reason when aborted.
   */
  async restore<Options extends object = object>(
    task: TaskName | (string & {}) | Task<string, Options>,
    image: Image,
    options: SamplingOptions & Partial<Options> = {},
  ): Promise<Image[]> {
    const images: Image[] = [];
    for await (const each of this.answers(task, image, options)) images.push(each);
    return images;
  }

  /**
   * As `restore`, one answer after the other: only the one that is asked for is held at the
   * photo's own size.
   */
  async *answers<Options extends object = object>(
    task: TaskName | (string & {}) | Task<string, Options>,
    image: Image,
    options: SamplingOptions & Partial<Options> = {},
  ): AsyncGenerator<Image, void, undefined> {
    const chosen: Task = typeof task === "string" ? taskNamed(task) : task;
    checkImage(image);
    checkOptionNames(options, optionNamesOf(chosen));
    checkOptions(options);
    const sampler = this.samplerConfig(options, chosen.name);
    checkGuidance(this.config, options.guidance, chosen);
    this.warnUnlessTrainedFor(chosen.name);
    const { seed = samplingDefaults.seed, samples = samplingDefaults.samples } = options;
    const { force = false } = options;
    const left = force ? undefined : this.leavesAsIs(chosen, options);
    if (left !== undefined) {
      this.onWarning(`Warning: the photo ${left}; force restores it all the same.`);
      for (let k = 0; k < samples; k++) yield copyOf(image);
      return;
    }
    const share = (!force && chosen.share?.(options, this.config.sampling ?? {})) || 1;
    const steps = this.stepsFor(chosen.name, options);
    const start = options.sampler === undefined ? ownStart(this.config, chosen, options) : {};
    const random = Random.from(seed, "condition");
    const prepared = await chosen.prepare(image, this.resolution, random, options);
    const staysGray = !chosen.colours && isGray(image);
    const { tasks, training } = this.config;
    const tint = staysGray && givesColours(tasks) && !training?.augmentation?.gray;
    const conditions = tint ? prepared.conditions.map(tintGray) : prepared.conditions;
    const sharpener = this.fillSharpener(prepared.enlarged ?? [], options);
    const { pixelsAtOnce } = this;
    assertSamplesFit(this.network, image, conditions, samples, pixelsAtOnce, sharpener);
    yield* new Restoration(this.network, {
      finish: (made) => prepared.finish(made),
      ...{ conditions, staysGray, sharpener, pixelsAtOnce },
      options: { ...options, ...sampler },
      ...{ samples, seed, steps, start },
      ...(share < 1 && { blend: { photo: image, share } }),
    }).answers();
  }

  /**
   * Samples of a condition that a task made at the model's resolution or above. The noise in a hole
   * is drawn anew for each.
   */
  async sample(condition: Condition, options: SamplingOptions = {}): Promise<Image[]> {
    const seed = options.seed ?? samplingDefaults.seed;
    const [images] = await this.sampleBatch([{ condition, seed }], options);
    return images!;
  }

  /**
   * Samples of several conditions of one size, side by side on all cores. Each gets the same
   * samples, to the bit, as from `sample` with its seed. `options.seed` is not looked at; the
   * estimates of `onStep` are those of all samples, condition by condition.
   * @param options.together lets samples share a run of the network, which takes a quarter less
   * time at 64x64; their company then shows in their last bits
   * @returns for each condition its `samples` images
   */
  async sampleBatch(
    requests: readonly SampleRequest[],
    options: Omit<SamplingOptions, "seed"> & WalkStart & { readonly together?: boolean } = {},
  ): Promise<Image[][]> {
    for (const { seed } of requests) checkOptions({ ...options, seed });
    this.samplerConfig(options);
    if (requests.length === 0) return [];
    const { samples = samplingDefaults.samples } = options;
    const batch = requests.flatMap(({ condition, seed }) =>
      sampleSeeds(seed, samples).map((name) => ({ condition, seed: name })),
    );
    const images = await sampleConditions(this.network, batch, options);
    return requests.map((_, k) => images.slice(k * samples, (k + 1) * samples));
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
}

/**
 * Photos that are never trained on, to compare runs by: the same crops, degradations, noise and
 * noise levels in every run, whatever it predicts and whatever its seed.
 */
import { type CropScale, randomSquare } from "../data/crop-scale.ts";
import type { PhotoReader } from "../data/photo-reader.ts";
import { pasteKnown } from "../diffusion/known-pixels.ts";
import { addNoise, estimateClean } from "../diffusion/parameterization.ts";
import type { NoiseSchedule } from "../diffusion/schedule.ts";
import type { ImageCodec } from "../image/codec.ts";
import { centreSquare, type Image } from "../image/image.ts";
import { cropAndResizeBytes } from "../image/resize.ts";
import { stack, unstack } from "../image/stack.ts";
import { sampleConditions } from "../pipeline/sample-conditions.ts";
import type { Network } from "../runtime/network.ts";
import type { Condition, Task } from "../tasks/task.ts";
import { PaletteError, ReadError } from "../util/errors.ts";
import { mean as meanOf } from "../util/mean.ts";
import { Random } from "../util/random.ts";

export interface ValidationExample {
  readonly task: Task;
  /** Of which source its photo is. */
  readonly source: string;
  /** Which of its task's examples it is. */
  readonly number: number;
  /** [3, resolution, resolution]: the centre of a photo, or a crop at another scale. */
  readonly y: Image;
  readonly condition: Condition;
}

/** Mean squared errors of the estimate of the clean picture, in [0, 4]. */
export interface ValidationLoss {
  /** Over all tasks. */
  readonly mean: number;
  readonly tasks: Record<string, number>;
  /** By source and task; undefined where there is one source only. */
  readonly sources?: Record<string, Record<string, number>>;
}

/** Photos of one kind, which are looked at by themselves. */
export interface ValidationSource {
  readonly name: string;
  readonly photos: readonly string[];
}

export interface ValidationSetOptions {
  readonly reader: PhotoReader;
  readonly codec: ImageCodec;
  readonly resolution: number;
  /** Examples of each task and source, from photos spread evenly over the list. */
  readonly count: number;
  /**
   * Of the crops: with "own..full" four of eight are crops of that kind, the others the centre of
   * their photo, as all are with "half..full" (the default).
   */
  readonly cropScale?: CropScale;
  /** Told of photos that cannot be used. */
  readonly onSkip?: (reason: string) => void;
}

/** Noise levels at the middle of so many equal parts of the training schedule. */
const levels = 4;

/**
 * Up to `count` examples of each task and source; all tasks get the same crops.
 * @throws ReadError when a photo cannot be read.
 */
export async function validationExamples(
  sources: readonly ValidationSource[],
  tasks: readonly Task[],
  options: ValidationSetOptions,
): Promise<ValidationExample[]> {
  const clean: { readonly source: string; readonly y: Image }[] = [];
  for (const { name, photos } of sources) {
    const chosen = Math.min(options.count, photos.length);
    for (let k = 0; k < chosen; k++) {
      const path = photos[Math.floor((k * photos.length) / chosen)]!;
      const y = await heldOutCrop(path, clean.length, options);
      if (y !== undefined) clean.push({ source: name, y });
    }
  }
  const examples: ValidationExample[] = [];
  for (const task of tasks) {
    for (const [number, { source, y }] of clean.entries()) {
      const random = Random.from("held out", task.name, number);
      const condition = await task.degrade(y, { random, codec: options.codec });
      examples.push({ task, source, number, y, condition });
    }
  }
  return examples;
}

/**
 * The error of the clean estimate, clipped as in sampling, over the pixels to be filled. Example k
 * is seen at one of four noise levels; the regression baseline sees none.
 */
export async function validationLoss(
  network: Network,
  examples: readonly ValidationExample[],
  schedule: NoiseSchedule,
): Promise<ValidationLoss> {
  const tasks: Record<string, number> = {};
  const sources: Record<string, Record<string, number>> = {};
  for (const [name, some] of byTask(examples)) {
    const estimates = await estimatesOf(network, some, schedule);
    const errors = some.map((example, k) => squaredError(estimates[k]!, example));
    tasks[name] = meanOf(errors);
    for (const source of new Set(some.map((example) => example.source))) {
      sources[source] ??= {};
      sources[source][name] = meanOf(errors.filter((_, k) => some[k]!.source === source));
    }
  }
  const mean = meanOf(Object.values(tasks));
  return { mean, tasks, ...(Object.keys(sources).length > 1 && { sources }) };
}

/** The examples of each task, in their order. */
export function byTask(examples: readonly ValidationExample[]): Map<string, ValidationExample[]> {
  const groups = new Map<string, ValidationExample[]>();
  for (const example of examples) {
    const { name } = example.task;
    groups.set(name, [...(groups.get(name) ?? []), example]);
  }
  return groups;
}

/** The clean estimates of examples of one task. */
async function estimatesOf(
  network: Network,
  examples: readonly ValidationExample[],
  schedule: NoiseSchedule,
): Promise<Float32Array[]> {
  const { prediction, regression } = network.config.objective;
  const { width, height } = examples[0]!.y;
  const shape = [examples.length, 3, height, width] as const;
  const source = stack(examples.map(({ condition }) => condition.x.data));
  if (regression) {
    const samples = examples.map(({ condition }) => ({ condition, seed: [] }));
    const images = await sampleConditions(network, samples, { holeNoise: "given" });
    return images.map(({ data }) => data);
  }
  const gamma = examples.map(({ number }) => {
    const t = Math.round((schedule.steps * (2 * (number % levels) + 1)) / (2 * levels));
    return schedule.gammas[Math.max(1, t)]!;
  });
  const seen = examples.map(({ task, number, y, condition: { mask } }, k) => {
    const random = Random.from("held out", "noise", task.name, number);
    const yt = addNoise(y.data, random.fillNormal(new Float32Array(y.data.length)), gamma[k]!);
    if (mask) pasteKnown(yt, { data: y.data, mask: mask.data }, 3, width * height);
    return yt;
  });
  const outputs = await network.predict({ source, noisy: stack(seen), gamma, shape });
  return unstack(outputs, examples.length).map((output, k) =>
    estimateClean(prediction, output, seen[k]!, gamma[k]!),
  );
}

function squaredError(y0: Float32Array, { y, condition: { mask } }: ValidationExample): number {
  const pixels = y.width * y.height;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < y0.length; i++) {
    if (mask && mask.data[i % pixels]! < 0.5) continue;
    sum += (Math.min(1, Math.max(-1, y0[i]!)) - y.data[i]!) ** 2;
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}

async function heldOutCrop(
  path: string,
  number: number,
  { reader, resolution, cropScale, onSkip }: ValidationSetOptions,
): Promise<Image | undefined> {
  // Each noise level gets crops of both kinds.
  const centre = cropScale !== "own..full" || number % (2 * levels) < levels;
  try {
    const photo = await reader.read(path, centre ? { shortSide: resolution } : {});
    const { width, height } = photo;
    const random = Random.from("held out", "crop", number);
    const box = centre
      ? centreSquare(width, height)
      : randomSquare(width, height, resolution, random, cropScale);
    return cropAndResizeBytes(photo, box, resolution, resolution);
  } catch (thrown) {
    if (!(thrown instanceof PaletteError) || thrown instanceof ReadError) throw thrown;
    onSkip?.(thrown.message);
    return undefined;
  }
}

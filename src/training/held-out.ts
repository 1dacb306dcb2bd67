/**
 * Photos that are never trained on, to compare runs by: the same crops, degradations, noise and
 * noise levels in every run, whatever it predicts and whatever its seed.
 */
import { pasteKnown } from "../diffusion/known-pixels.ts";
import { estimateClean, noisy } from "../diffusion/prediction.ts";
import type { NoiseSchedule } from "../diffusion/schedule.ts";
import { PaletteError, ReadError } from "../errors.ts";
import { readBytes } from "../images/decode.ts";
import { centreSquare, type Image } from "../images/image.ts";
import { cropAndResizeBytes } from "../images/resize.ts";
import { stack, unstack } from "../images/stack.ts";
import { type Network, regress } from "../models/network.ts";
import { Random } from "../random.ts";
import type { Condition, Task } from "../tasks/task.ts";

export interface HeldOutExample {
  readonly task: Task;
  /** Which of its task's examples it is. */
  readonly number: number;
  /** The centre of a photo, [3, resolution, resolution]. */
  readonly y: Image;
  readonly condition: Condition;
}

/** Mean squared errors of the estimate of the clean picture, in [0, 4]. */
export interface HeldOutLoss {
  /** Over all tasks. */
  readonly mean: number;
  readonly tasks: Record<string, number>;
}

/** Noise levels at the middle of so many equal parts of the training schedule. */
const levels = 4;

/**
 * Up to `count` examples of each task, from photos spread evenly over the list; all tasks get the
 * same ones. Photos that cannot be used are left out and told to `onSkip`.
 * @throws ReadError when one cannot be read.
 */
export async function heldOutExamples(
  photos: readonly string[],
  tasks: readonly Task[],
  resolution: number,
  count: number,
  onSkip: (reason: string) => void = () => {},
): Promise<HeldOutExample[]> {
  const chosen = Math.min(count, photos.length);
  const clean: Image[] = [];
  for (let k = 0; k < chosen; k++) {
    const path = photos[Math.floor((k * photos.length) / chosen)]!;
    const y = await centreOf(path, resolution, onSkip);
    if (y !== undefined) clean.push(y);
  }
  const examples: HeldOutExample[] = [];
  for (const task of tasks) {
    for (const [number, y] of clean.entries()) {
      const random = Random.from("held out", task.name, number);
      examples.push({ task, number, y, condition: await task.degrade(y, random) });
    }
  }
  return examples;
}

/**
 * The error of the clean estimate, clipped as in sampling, over the pixels to be filled. Example k
 * is seen at one of four noise levels; the regression baseline sees none.
 */
export async function heldOutLoss(
  network: Network,
  examples: readonly HeldOutExample[],
  schedule: NoiseSchedule,
): Promise<HeldOutLoss> {
  const tasks: Record<string, number> = {};
  for (const [name, some] of byTask(examples)) {
    const estimates = await estimatesOf(network, some, schedule);
    const errors = some.map((example, k) => squaredError(estimates[k]!, example));
    tasks[name] = meanOf(errors);
  }
  return { mean: meanOf(Object.values(tasks)), tasks };
}

/** The examples of each task, in their order. */
export function byTask(examples: readonly HeldOutExample[]): Map<string, HeldOutExample[]> {
  const groups = new Map<string, HeldOutExample[]>();
  for (const example of examples) {
    const { name } = example.task;
    groups.set(name, [...(groups.get(name) ?? []), example]);
  }
  return groups;
}

/** The clean estimates of examples of one task. */
async function estimatesOf(
  network: Network,
  examples: readonly HeldOutExample[],
  schedule: NoiseSchedule,
): Promise<Float32Array[]> {
  const { prediction, regression } = network.config;
  const { width, height } = examples[0]!.y;
  const shape = [examples.length, 3, height, width] as const;
  const source = stack(examples.map(({ condition }) => condition.x.data));
  if (regression) return unstack(await regress(network, source, shape), examples.length);
  const gamma = examples.map(({ number }) => {
    const t = Math.round((schedule.steps * (2 * (number % levels) + 1)) / (2 * levels));
    return schedule.gammas[Math.max(1, t)]!;
  });
  const seen = examples.map(({ task, number, y, condition: { mask } }, k) => {
    const random = Random.from("held out", "noise", task.name, number);
    const yt = noisy(y.data, random.fillNormal(new Float32Array(y.data.length)), gamma[k]!);
    if (mask) pasteKnown(yt, { data: y.data, mask: mask.data }, 3, width * height);
    return yt;
  });
  const outputs = await network.predict({ source, noisy: stack(seen), gamma, shape });
  return unstack(outputs, examples.length).map((output, k) =>
    estimateClean(prediction, output, seen[k]!, gamma[k]!),
  );
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function squaredError(y0: Float32Array, { y, condition: { mask } }: HeldOutExample): number {
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

async function centreOf(
  path: string,
  resolution: number,
  onSkip: (reason: string) => void,
): Promise<Image | undefined> {
  try {
    const photo = await readBytes(path, { shortSide: resolution });
    const box = centreSquare(photo.width, photo.height);
    return await cropAndResizeBytes(photo, box, resolution, resolution);
  } catch (thrown) {
    if (!(thrown instanceof PaletteError) || thrown instanceof ReadError) throw thrown;
    onSkip(thrown.message);
    return undefined;
  }
}

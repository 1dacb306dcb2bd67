/** Which degradations are evaluated: each is a block of one of the paper's Tables 1 to 4. */

import type { ImageCodec } from "../image/codec.ts";
import type { Image } from "../image/image.ts";
import { taskNamed } from "../tasks/registry.ts";
import type { Condition, Side, Task, TaskOptions } from "../tasks/task.ts";
import { sides } from "../tasks/uncrop.ts";
import { UsageError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { maskKind } from "./masks.ts";

/** A task with what is random in training held fixed. */
export interface EvaluationCondition {
  /** "colorize", "inpaint-freeform-10-20", "uncrop-right", "dejpeg-5"; a folder's name. */
  readonly id: string;
  readonly task: Task;
  readonly title: string;
  /** What is fixed for one picture of this size. */
  options(width: number, height: number, random: Random): TaskOptions;
}

export interface ConditionChoice {
  readonly tasks: readonly string[];
  /** Names of `maskKind`, for inpainting. */
  readonly masks: readonly string[];
  /** For uncropping. */
  readonly sides: readonly string[];
  /** JPEG qualities. */
  readonly qualities: readonly number[];
  /** By which whole pictures are shrunk and enlarged again, for sharpening. */
  readonly factors: readonly number[];
}

/** The paper's, Tables 1 to 4; sharpening, which it does not have, as SR3's fourfold enlargement. */
export const paperConditions = {
  masks: ["freeform-10-20", "freeform-20-30", "freeform-30-40", "center"],
  sides: ["right"],
  qualities: [5, 10, 20],
  factors: [4],
} as const;

/**
 * The conditions of the chosen tasks, in the order of the choice; doubles count once.
 * @throws UsageError for names and qualities that do not exist, or a task without any condition.
 */
export function evaluationConditions(choice: ConditionChoice): EvaluationCondition[] {
  const names = [...new Set(choice.tasks)];
  if (names.length === 0) throw new UsageError("Name at least one task.");
  return names.flatMap((name) => {
    const conditions = conditionsOf(taskNamed(name), choice);
    if (conditions.length === 0) throw new UsageError(`Nothing is to be measured for ${name}.`);
    return conditions;
  });
}

/** The condition of truth number `index`; the same whichever others are made. */
export function degraded(
  condition: EvaluationCondition,
  truth: Image,
  seed: number,
  index: number,
  codec: ImageCodec,
): Promise<Condition> {
  const random = Random.from(seed, "evaluation", condition.id, index);
  const options = condition.options(truth.width, truth.height, random);
  return condition.task.degrade(truth, { random, codec }, options);
}

function conditionsOf(task: Task, choice: ConditionChoice): EvaluationCondition[] {
  const { name, title } = task;
  switch (name) {
    case "inpaint":
      return unique(choice.masks.map(maskKind)).map((kind) => ({
        id: `inpaint-${kind.name}`,
        task,
        title: `${title}, ${kind.title}`,
        options: (width, height, random) => ({ mask: kind.make(width, height, random) }),
      }));
    case "uncrop":
      return [...new Set(choice.sides)].map((side) => ({
        id: `uncrop-${checkSide(side)}`,
        task,
        title: `${title}, ${side === "all" ? "all sides" : side}`,
        options: () => ({ side: checkSide(side) }),
      }));
    case "dejpeg":
      return [...new Set(choice.qualities)].map((quality) => ({
        id: `dejpeg-${checkQuality(quality)}`,
        task,
        title: `${title}, quality ${quality}`,
        options: () => ({ quality }),
      }));
    case "sharpen":
      return [...new Set(choice.factors)].map((factor) => ({
        id: `sharpen-${checkFactor(factor)}`,
        task,
        title: `${title}, ${factor} times`,
        options: () => ({ factor, whole: true }),
      }));
    default:
      return [{ id: name, task, title, options: () => ({}) }];
  }
}

function unique<T extends { readonly name: string }>(kinds: readonly T[]): T[] {
  return kinds.filter(({ name }, k) => kinds.findIndex((kind) => kind.name === name) === k);
}

function checkSide(side: string): Side {
  const known = sides.find((one) => one === side);
  if (known === undefined) {
    throw new UsageError(`There is no side "${side}"; the sides are ${sides.join(", ")}.`);
  }
  return known;
}

function checkFactor(factor: number): number {
  if (!(factor > 1 && factor <= 16)) {
    throw new UsageError(`A blur's factor is a number above 1 and at most 16, not ${factor}.`);
  }
  return factor;
}

function checkQuality(quality: number): number {
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new UsageError(`A JPEG quality is a whole number from 1 to 100, not ${quality}.`);
  }
  return quality;
}

/** Which degradations are evaluated: each is a block of one of the paper's Tables 1 to 4. */
import type { ImageCodec } from "../../image/codec.ts";
import type { Image } from "../../image/image.ts";
import { tasks as allTasks, taskNamed } from "../../tasks/registry.ts";
import type { Condition, Task, TaskVariant } from "../../tasks/task.ts";
import { UsageError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";

/** A task with every choice held fixed that is random in training. */
export interface EvaluationCondition extends Omit<TaskVariant, "id"> {
  /** "colorize", "inpaint-freeform-10-20", "uncrop-right", "dejpeg-5"; a folder's name. */
  readonly id: string;
  readonly task: Task;
}

/** Values of the parameters that tasks vary (`Task.variants`): masks, sides, qualities, factors. */
export type VariantChoice = Readonly<Record<string, readonly (string | number)[]>>;

/** Tasks, and the values of their parameters; each task's defaults unless given. */
export interface ConditionChoice {
  readonly tasks: readonly (string | Task)[];
  readonly variants?: VariantChoice;
}

/** Each task's defaults, which are the paper's where it has the task. */
export const paperConditions: VariantChoice = Object.fromEntries(
  allTasks.flatMap(({ variants }: Task) => (variants ? [[variants.name, variants.defaults]] : [])),
);

/**
 * The conditions of the chosen tasks, in the order of the choice; doubles count once.
 * @throws UsageError for names and values that do not exist, or a task without any condition.
 */
export function evaluationConditions(choice: ConditionChoice): EvaluationCondition[] {
  const chosen = [...new Set(choice.tasks)];
  if (chosen.length === 0) throw new UsageError("Name at least one task.");
  return chosen.flatMap((one) => {
    const task = typeof one === "string" ? taskNamed(one) : one;
    const conditions = conditionsOf(task, choice.variants);
    if (conditions.length === 0)
      throw new UsageError(`Nothing is to be measured for ${task.name}.`);
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

function conditionsOf(task: Task, choice: VariantChoice = {}): EvaluationCondition[] {
  const { name, title, variants } = task;
  if (variants === undefined) return [{ id: name, task, title, options: () => ({}) }];
  const made = (choice[variants.name] ?? variants.defaults).map((v) => variants.variant(v));
  const once = made.filter(({ id }, k) => made.findIndex((other) => other.id === id) === k);
  return once.map((variant) => ({
    ...variant,
    id: `${name}-${variant.id}`,
    task,
    title: `${title}, ${variant.title}`,
  }));
}

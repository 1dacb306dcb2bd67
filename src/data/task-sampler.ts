/** How often a training draws each of its tasks. */

import { taskNamed } from "../tasks/registry.ts";
import type { Task } from "../tasks/task.ts";
import { PaletteError, UsageError } from "../util/errors.ts";

/**
 * By a task's name, how often it is drawn where a task that is not named is drawn once: 2, 3, ...
 */
export type TaskMix = Readonly<Record<string, number>>;

/** Beyond, the other tasks would hardly be drawn. */
export const largestShare = 100;

/**
 * A mix without shares of 1. Undefined when nothing is left: tasks are drawn equally often. The
 * order of the tasks is that of `tasks`.
 * @throws UsageError for a task that is not among `tasks`, PaletteError for a share that is not a
 * whole number from 1 to 100.
 */
export function essentialMix(mix: TaskMix, tasks: readonly string[]): TaskMix | undefined {
  for (const [name, share] of Object.entries(mix)) {
    assertLearned(name, tasks, "The mix");
    if (!Number.isInteger(share) || share < 1 || share > largestShare)
      throw new PaletteError(
        `A task's share of the mix is a whole number from 1 to ${largestShare}, not ${share} (${name}).`,
      );
  }
  const said = tasks.map((name) => [name, mix[name] ?? 1] as const).filter(([, n]) => n !== 1);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** @throws UsageError for a task, named by `what`, that there is not or that is not learned. */
export function assertLearned(name: string, tasks: readonly string[], what: string): void {
  taskNamed(name);
  if (!tasks.includes(name))
    throw new UsageError(`${what} names ${name}, which is not among the tasks to learn.`);
}

/** The tasks, each as often as its share: one drawn uniformly from them is drawn by the mix. */
export function tasksByShare(tasks: readonly string[], mix: TaskMix = {}): Task[] {
  return tasks.flatMap((name) => Array<Task>(mix[name] ?? 1).fill(taskNamed(name)));
}

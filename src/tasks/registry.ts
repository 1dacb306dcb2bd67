/** All tasks. Adding one is its file and one line here. */
import { Registry } from "../util/registry.ts";
import { colorize } from "./colorize.ts";
import { dejpeg } from "./dejpeg.ts";
import { inpaint } from "./inpaint.ts";
import { sharpen } from "./sharpen.ts";
import type { OptionsOf, Task } from "./task.ts";
import { uncrop } from "./uncrop.ts";

/** The tasks in the paper's order, and then those of our own. */
export const tasks = [colorize, inpaint, uncrop, dejpeg, sharpen] as const;

export type TaskName = (typeof tasks)[number]["name"];

/** The options of a registered task. */
export type TaskOptionsOf<Name extends TaskName> = OptionsOf<
  Extract<(typeof tasks)[number], { readonly name: Name }>
>;

/** Whether a model of these tasks gives colours to gray photos. */
export function givesColours(names: readonly string[]): boolean {
  return registeredTasks().some(({ name, colours }) => colours === true && names.includes(name));
}

const registry = new Registry<Task>(
  "task",
  tasks.map((task) => [task.name, task]),
);

/**
 * Adds a task of one's own, for training and restoring by its name.
 * @throws UsageError when the name is taken.
 */
export function registerTask(task: Task): void {
  registry.add(task.name, task);
}

/** The tasks of this package, then those of `registerTask`. */
export function registeredTasks(): readonly Task[] {
  return registry.all;
}

/** @throws UsageError listing the names when there is no such task. */
export function taskNamed(name: string): Task {
  return registry.get(name);
}

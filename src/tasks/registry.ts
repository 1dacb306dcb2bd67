/** All tasks. Adding one is its file and one line here. */
import { UsageError } from "../util/errors.ts";
import { colorize } from "./colorize.ts";
import { dejpeg } from "./dejpeg.ts";
import { inpaint } from "./inpaint.ts";
import { sharpen } from "./sharpen.ts";
import type { Task } from "./task.ts";
import { uncrop } from "./uncrop.ts";

/** The tasks in the paper's order, and then those of our own. */
export const tasks = [colorize, inpaint, uncrop, dejpeg, sharpen] as const;

export type TaskName = (typeof tasks)[number]["name"];

/** @throws UsageError listing the names when there is no such task. */
export function taskNamed(name: string): Task {
  const found = tasks.find((task) => task.name === name);
  if (found === undefined) {
    const names = tasks.map((task) => task.name).join(", ");
    throw new UsageError(`There is no task "${name}"; the tasks are ${names}.`);
  }
  return found;
}

/** The options of the commands that restore: those of the task, and those of all. */
import { type Command, Option } from "commander";
import type { Task, TaskCliOption } from "../../tasks/task.ts";
import { numberBetween } from "../arguments.ts";
import { photoArguments, type RestoreFlags, samplingOptions } from "./restore-options.ts";

/** Values of the task's own options, by name; of a mask the file's path. */
export type TaskFlags = Readonly<Record<string, string | number | undefined>>;

export function declareRestore(command: Command, task: Task): void {
  photoArguments(command);
  for (const option of task.cliOptions ?? []) command.addOption(optionOf(option));
  samplingOptions(command).action(async (photos: string[], flags: RestoreFlags & TaskFlags) =>
    (await import("../restore.ts")).restore(task, command.name(), photos, flags),
  );
}

function optionOf(option: TaskCliOption): Option {
  const { name, value, description, required = false } = option;
  const declared = new Option(`--${name} <${value}>`, description).makeOptionMandatory(required);
  if (option.kind === "mask") return declared;
  if (option.kind === "choice") declared.choices(option.choices);
  else declared.argParser(numberBetween(option.least, option.most));
  return option.default === undefined ? declared : declared.default(option.default);
}

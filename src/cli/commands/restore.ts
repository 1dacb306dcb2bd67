/** The options of the commands that restore: those of the task, and those of all. */
import { type Command, Option } from "commander";
import { maskSources } from "../../image/mask.ts";
import type { Task, TaskCliOption } from "../../tasks/task.ts";
import { numberBetween } from "../arguments.ts";
import { photoArguments, type RestoreFlags, samplingOptions } from "./restore-options.ts";

/** Values of the task's own options, by name; of masks the files' paths. */
export type TaskFlags = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export function declareRestore(command: Command, task: Task): void {
  photoArguments(command);
  for (const option of task.cliOptions ?? []) {
    command.addOption(optionOf(option));
    if (option.kind === "mask")
      for (const more of maskOptions(option.name)) command.addOption(more);
  }
  samplingOptions(command).action(async (photos: string[], flags: RestoreFlags & TaskFlags) =>
    (await import("../restore.ts")).restore(task, command.name(), photos, flags),
  );
}

function optionOf(option: TaskCliOption): Option {
  const { name, value, description, required = false } = option;
  const declared = new Option(`--${name} <${value}>`, description).makeOptionMandatory(required);
  if (option.kind === "mask") {
    // Not a list of many values, which would take the photos behind it too.
    return declared.argParser((file, others: readonly string[] = []) => [...others, file]);
  }
  if (option.kind === "choice") declared.choices(option.choices);
  else declared.argParser(numberBetween(option.least, option.most));
  return option.default === undefined ? declared : declared.default(option.default);
}

/** How masks are read. */
function maskOptions(name: string): Option[] {
  return [
    new Option(
      `--${name}-from <what>`,
      "what of a mask is filled: alpha (what is opaque), luma (opaque and bright), dark (opaque and dark); default: alpha where it has transparency, luma where not",
    ).choices(maskSources),
    new Option("--invert", "fill what the masks would keep"),
  ];
}

/** The options of the commands that restore: those of the task, and those of all. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { maskSources } from "../../image/mask.ts";
import { mostGuidance } from "../../pipeline/guidance.ts";
import type { Task, TaskCliOption } from "../../tasks/task.ts";
import { UsageError } from "../../util/errors.ts";
import { collecting, numberBetween } from "../arguments.ts";
import {
  photoArguments,
  type RestoreFlags,
  samplingOptions,
  sharpenOption,
} from "./restore-options.ts";

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
  if (task.leavesAsIs !== undefined) {
    command.option("--force", "restore also what the model is known to make worse");
  }
  if (task.enlargesFills) sharpenOption(command);
  if (task.colours) {
    command.option(
      "--guidance <factor>",
      "above 1: stronger colours, by models trained with --conditioning-dropout; two network calls a step",
      numberBetween(0, mostGuidance),
    );
  }
  samplingOptions(command).action(async (photos: string[], flags: RestoreFlags & TaskFlags) =>
    (await import("../restore.ts")).restore(task, command.name(), photos, flags),
  );
}

function optionOf(option: TaskCliOption): Option {
  const { name, value, description, required = false, conflicts = [] } = option;
  const declared = new Option(`--${name} <${value}>`, description)
    .makeOptionMandatory(required)
    .conflicts([...conflicts]);
  // Not a list of many values, which would take the photos behind it too.
  if (option.kind === "mask") return collecting(declared, (file) => file);
  if (option.kind === "text") return declared.argParser((text) => checked(text, option.check));
  if (option.kind === "choice") {
    declared.choices(option.choices);
    if (option.several) collecting(declared, (text) => oneOf(option.choices, text));
  } else {
    const { least, most, above = false } = option;
    declared.argParser(numberBetween(least, most, { above }));
  }
  return option.default === undefined ? declared : declared.default(option.default);
}

/** The text, unless the task refuses it. */
function checked(text: string, check: (text: string) => void): string {
  try {
    check(text);
    return text;
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    throw new InvalidArgumentError(thrown.message);
  }
}

function oneOf(choices: readonly string[], text: string): string {
  if (choices.includes(text)) return text;
  throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
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

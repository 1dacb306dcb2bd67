/** What the commands' options may say. Commander prints the complaints and exits 2. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { devices, samplingPrecisions } from "../runtime/runtime.ts";
import { parseShard } from "../util/shard.ts";

/** A parser of whole numbers from `low` to `high`. */
export function wholeNumber(
  low: number,
  high: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < low || value > high) {
      const range =
        high === Number.MAX_SAFE_INTEGER
          ? low === -high
            ? "of at most 15 digits"
            : `of at least ${low}`
          : `from ${low} to ${high}`;
      throw new InvalidArgumentError(`Give a whole number ${range}.`);
    }
    return value;
  };
}

/** A parser of numbers from `low` to `high`; with `above`, `low` itself is refused. */
export function numberBetween(
  low: number,
  high: number,
  { above = false } = {},
): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(value >= low && value <= high) || (above && value === low)) {
      const range = above ? `above ${low} and at most ${high}` : `from ${low} to ${high}`;
      throw new InvalidArgumentError(`Give a number ${range}.`);
    }
    return value;
  };
}

const repeatable = new WeakSet<Option>();

/** Lets an option be given several times; its value is the list of what `parse` makes of each. */
export function collecting<T>(option: Option, parse: (text: string) => T): Option {
  repeatable.add(option);
  return option.argParser<T[]>((text, before) => [
    ...(Array.isArray(before) ? before : []),
    parse(text),
  ]);
}

/**
 * Has a command and those below it refuse a value that is given twice, where one would be dropped.
 */
export function refuseRepetition(command: Command): void {
  for (const option of command.options) {
    const takesOne = (option.required || option.optional) && !option.variadic;
    if (!takesOne || repeatable.has(option)) continue;
    let given = false;
    command.on(`option:${option.name()}`, () => {
      if (given) command.error(`option '${option.flags}' is given twice; give one value.`);
      given = true;
    });
  }
  for (const inner of command.commands) refuseRepetition(inner);
}

/** A parser of lists with commas whose parts are among `known`; `what` names one of them. */
export function listAmong(what: string, known: readonly string[]): (text: string) => string[] {
  return (text) => {
    const names = listOf(text);
    if (names.length === 0) throw new InvalidArgumentError(`Name at least one ${what}.`);
    for (const name of names) {
      if (!known.includes(name)) {
        throw new InvalidArgumentError(
          `There is no ${what} "${name}"; the ${what}s are ${known.join(", ")}.`,
        );
      }
    }
    return names;
  };
}

/** Parts of a list with commas. */
export function listOf(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  return names.filter((name) => name !== "");
}

/** Options that mean the same in every command that runs a network. */
export const deviceOption = () =>
  new Option("--device <name>", "where the network runs").choices(devices).default("cpu");

export const threadsOption = () =>
  new Option("--threads <count>", "threads of the engine (default: one a core)").argParser(
    wholeNumber(1, 1024),
  );

export const precisionOption = () =>
  new Option("--precision <type>", "int8 is faster, for models that palette calibrate made")
    .choices(samplingPrecisions)
    .default("float32");

/** A share of the work, for many machines. */
export const shardOption = (what: string) =>
  new Option(
    "--shard <k/N>",
    `${what}: k from 1 to N; env or env/N takes k from a Slurm array or an indexed Kubernetes job`,
  ).argParser((text) => parseShard(text, process.env));

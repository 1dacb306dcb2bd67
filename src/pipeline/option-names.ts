/** Options that do not exist, which would be passed over without a word. */
import { samplerSettings } from "../diffusion/samplers/registry.ts";
import { registeredTasks } from "../tasks/registry.ts";
import type { Task } from "../tasks/task.ts";
import { UsageError } from "../util/errors.ts";
import { shown } from "../util/shown.ts";
import type { SamplingOptions } from "./sampling-options.ts";

type Kind = "boolean" | "function" | "signal" | "other";

/** What each option of sampling is; the samplers' settings are validated by their schemas. */
const kinds: Readonly<Record<keyof SamplingOptions, Kind>> = {
  samples: "other",
  steps: "other",
  mean: "boolean",
  sharpen: "boolean",
  guidance: "other",
  force: "boolean",
  seed: "other",
  sampler: "other",
  eta: "other",
  variance: "other",
  spacing: "other",
  sigmaMin: "other",
  belowTrained: "boolean",
  clip: "boolean",
  onStep: "function",
  onTiles: "function",
  onFinish: "function",
  signal: "signal",
};

const wanted: Readonly<Record<Kind, string>> = {
  boolean: "true or false",
  function: "a function",
  signal: "an AbortSignal",
  other: "something else",
};

/** Whose options are checked. */
export interface OptionNames {
  /** In the message: "colorize". */
  readonly what: string;
  /** Its own, beside those of sampling and of the samplers; any are taken unless given. */
  readonly own?: readonly string[];
  /** Others that are known and passed over. */
  readonly others?: readonly string[];
}

/** The options of a task; those of other tasks are passed over. */
export function optionNamesOf({ name, optionNames }: Task): OptionNames {
  const others = registeredTasks().flatMap((task) => task.optionNames ?? []);
  return { what: name, others, ...(optionNames && { own: optionNames }) };
}

/**
 * Of the options of sampling: that they are of their kind. Of all: that there are such.
 * @throws UsageError naming the option and those there are.
 */
export function checkOptionNames(
  options: unknown,
  { what, own, others = [] }: OptionNames,
): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new UsageError(`The options are an object, such as {steps: 20}, not ${shown(options)}.`);
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof SamplingOptions] : "other";
    const right = kind === "other" || (kind === "signal" ? isSignal(value) : typeof value === kind);
    if (!right) throw new UsageError(`The option ${name} is ${wanted[kind]}, not ${shown(value)}.`);
  }
  if (own === undefined) return;
  const known = [
    ...new Set([...own, ...Object.keys(kinds), ...samplerSettings().map(({ name }) => name)]),
  ];
  const unknown = given.find(([name]) => !known.includes(name) && !others.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(
    `There is no option ${shown(unknown[0])}; the options of ${what} are ${known.join(", ")}.`,
  );
}

/** Also one of another realm or a polyfill. */
function isSignal(value: unknown): boolean {
  return typeof value === "object" && value !== null && "aborted" in value;
}

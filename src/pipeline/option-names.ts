/** Options that do not exist, which would be passed over without a word. */
import { samplerSettings } from "../diffusion/samplers/registry.ts";
import { registeredTasks } from "../tasks/registry.ts";
import type { Task } from "../tasks/task.ts";
import { UsageError } from "../util/errors.ts";
import { shown } from "../util/shown.ts";
import type { SamplingOptions } from "./sampling-options.ts";

/** What each option of sampling is; the samplers' settings are validated by their schemas. */
const kinds: Readonly<Record<keyof SamplingOptions, "boolean" | "function" | "signal" | "other">> =
  {
    samples: "other",
    steps: "other",
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

/**
 * Of the options of sampling: that they are of their kind. Of all: that there are such, of sampling,
 * of a sampler or of a task; a task without `optionNames` takes any.
 * @throws UsageError naming the option and those there are.
 */
export function checkOptionNames(options: unknown, task: Task): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new UsageError(`The options are an object, such as {steps: 20}, not ${shown(options)}.`);
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof SamplingOptions] : "other";
    const right = kind === "other" || (kind === "signal" ? isSignal(value) : typeof value === kind);
    if (right) continue;
    const wanted =
      kind === "signal" ? "an AbortSignal" : kind === "boolean" ? "true or false" : "a function";
    throw new UsageError(`The option ${name} is ${wanted}, not ${shown(value)}.`);
  }
  if (task.optionNames === undefined) return;
  const known = new Set([
    ...task.optionNames,
    ...Object.keys(kinds),
    ...samplerSettings().map(({ name }) => name),
  ]);
  const others = new Set(registeredTasks().flatMap(({ optionNames = [] }) => optionNames));
  const unknown = given.find(([name]) => !known.has(name) && !others.has(name));
  if (unknown === undefined) return;
  throw new UsageError(
    `There is no option ${shown(unknown[0])}; the options of ${task.name} are ${[...known].join(", ")}.`,
  );
}

/** Also one of another realm or a polyfill. */
function isSignal(value: unknown): boolean {
  return typeof value === "object" && value !== null && "aborted" in value;
}

/**
 * Settings of samplers, each declared once: the schema that validates it, and what a command needs
 * to offer it as an option.
 */
import { z } from "zod";
import { UsageError } from "../../util/errors.ts";

export interface Described {
  /** Name of the option, without dashes: "sigma-min". A setting without one has no option. */
  readonly flag?: string;
  /** One line for the help text. */
  readonly description: string;
}

/** A number in [min, max]. */
export interface NumberSetting extends Described {
  readonly kind: "number";
  readonly min: number;
  readonly max: number;
  readonly default: number;
  /** A value to show in help texts; default: `max`. */
  readonly example?: number;
  readonly schema: z.ZodDefault<z.ZodNumber>;
}

/** One of several words; without a default the sampler decides where none is chosen. */
export interface ChoiceSetting<
  Choice extends string = string,
  Default extends Choice | undefined = Choice | undefined,
> extends Described {
  readonly kind: "choice";
  readonly choices: readonly Choice[];
  readonly default: Default;
  readonly schema: z.ZodType<Choice | Default>;
}

export type Setting = NumberSetting | ChoiceSetting;

/** Settings by the name they have in a configuration. */
export type Settings = Readonly<Record<string, Setting>>;

type ValueOf<S> = S extends NumberSetting ? number : S extends ChoiceSetting<infer C> ? C : never;
type Open<S extends Settings> = {
  [Name in keyof S]: undefined extends S[Name]["default"] ? Name : never;
}[keyof S];

/** The values of settings: a number or a word each. */
export type SettingValues<S extends Settings> = {
  readonly [Name in Exclude<keyof S, Open<S>>]: ValueOf<S[Name]>;
} & { readonly [Name in Open<S>]?: ValueOf<S[Name]> };

/** Declares a number in [min, max]. */
export function numberSetting(
  setting: Omit<NumberSetting, "kind" | "schema"> & { readonly flag: string },
): NumberSetting {
  const { flag, min, max } = setting;
  const error = ({ input }: { input?: unknown }) =>
    `${flag} is a number from ${min} to ${max}, not ${String(input)}.`;
  const schema = z.number({ error }).min(min, { error }).max(max, { error });
  return { ...setting, kind: "number", schema: schema.default(setting.default) };
}

/** Declares one of several words. */
export function choiceSetting<
  const Choice extends string,
  const Default extends Choice | undefined,
>(
  name: string,
  setting: Described & { readonly choices: readonly Choice[]; readonly default: Default },
): ChoiceSetting<Choice, Default> {
  const words = choiceSchema(name, setting.choices);
  const schema = words.optional().transform((value) => value ?? setting.default);
  return { ...setting, kind: "choice", schema };
}

function choiceSchema<Choice extends string>(name: string, choices: readonly Choice[]) {
  const error = ({ input }: { input?: unknown }) =>
    `There is no ${name} "${String(input)}"; choose ${choices.join(" or ")}.`;
  return z.custom<Choice>((value) => choices.some((one) => one === value), { error });
}

/**
 * Validates a value by a schema whose messages are whole lines.
 * @throws UsageError with the first of them.
 */
export function validate<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UsageError(parsed.error.issues[0]!.message);
}

/** Command line options of a group of settings, made from the metadata of its schema. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { cliOptions } from "../models/settings/cli-option.ts";

/** Adds the options of those settings of a schema that have one, in the schema's order. */
export function addSettings(command: Command, schema: z.ZodObject): Command {
  for (const [, option] of optionsByName(schema)) command.addOption(option);
  return command;
}

/** The settings that were given, from what commander parsed; the others are left out. */
export function settingsGiven<Schema extends z.ZodObject>(
  schema: Schema,
  parsed: Readonly<Record<string, unknown>>,
): Partial<z.infer<Schema>> {
  const given = optionsByName(schema)
    .map(([name, option]) => [name, parsed[option.attributeName()]] as const)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, value === none ? null : value] as const);
  return Object.fromEntries(given) as Partial<z.infer<Schema>>;
}

function optionsByName(schema: z.ZodObject): [string, Option][] {
  return Object.entries(schema.shape).flatMap(([name, setting]) => {
    const said = cliOptions.get(setting);
    if (said === undefined) return [];
    const option = new Option(said.flag, said.description);
    if (setting instanceof z.ZodEnum) option.choices(setting.options.map(String));
    else if (option.required) option.argParser((text) => parsed(setting, text, said.expects));
    return [[name, option] as [string, Option]];
  });
}

/** The word for null, which commander takes for a missing value. */
const none = "none";

/** A number, or "none", as far as the schema allows. */
function parsed(setting: z.core.$ZodType, text: string, expects = "another value"): unknown {
  const value = text === none ? null : text.trim() === "" ? Number.NaN : Number(text);
  if (!z.safeParse(setting, value).success) throw new InvalidArgumentError(`Give ${expects}.`);
  return value ?? none;
}

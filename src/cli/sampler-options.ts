/** The options of samplers, made of what the registry says of their settings. */
import { Option } from "commander";
import { samplerSettings, samplers } from "../diffusion/samplers/registry.ts";
import type { SamplerChoices } from "../diffusion/samplers/sampler-config.ts";
import { numberBetween } from "./arguments.ts";

/** --sampler, with the names in the registry. */
export function samplerOption(): Option {
  return new Option(
    "--sampler <name>",
    "ddpm is the paper's (default: what suits the model; palette info says it)",
  ).choices(samplers.map(({ name }) => name));
}

/** An option for each setting of a sampler that has a flag. */
export function samplerSettingOptions(): Option[] {
  return samplerSettings().flatMap(({ setting }) => {
    const { flag, description } = setting;
    if (flag === undefined) return [];
    return setting.kind === "choice"
      ? [new Option(`--${flag} <what>`, description).choices([...setting.choices])]
      : [
          new Option(`--${flag} <number>`, description).argParser(
            numberBetween(setting.min, setting.max),
          ),
        ];
  });
}

/** The sampler and settings among a command's options, which Commander calls by their flags. */
export function chosenSampler(flags: object): SamplerChoices {
  const given = flags as Readonly<Record<string, unknown>>;
  const chosen = samplerSettings().flatMap(({ name, setting: { flag } }) => {
    if (flag === undefined) return [];
    const value = given[new Option(`--${flag} <value>`).attributeName()];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...(given.sampler !== undefined && { sampler: String(given.sampler) }),
    ...Object.fromEntries(chosen),
  };
}

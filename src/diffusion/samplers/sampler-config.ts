/**
 * A sampler with its settings, apart from the number of steps. A model's config.json says which one
 * suits it. A sampler that is named comes as in its paper. Every setting can be chosen by itself.
 */
import { z } from "zod";
import type { Prediction } from "../parameterization.ts";
import { type LevelSettings, levelSettings } from "./levels.ts";
import {
  type BuiltInSampler,
  type SamplerName,
  samplerNamed,
  samplerSettings,
  samplers,
} from "./registry.ts";
import type { Sampler } from "./sampler.ts";
import { type SettingValues, validate } from "./settings.ts";

type ConfigOf<S> =
  S extends Sampler<infer Name, infer Own>
    ? { readonly sampler: Name } & SettingValues<Own> & LevelSettings
    : never;

/** A union over `sampler`: each sampler with its own settings and those of the noise levels. */
export type SamplerConfig = ConfigOf<BuiltInSampler>;

type AllSettings = BuiltInSampler extends infer S
  ? S extends Sampler<string, infer Own>
    ? SettingValues<Own>
    : never
  : never;
type Intersection<U> = (U extends unknown ? (one: U) => void : never) extends (one: infer I) => void
  ? I
  : never;

/** What may be chosen; what is missing or undefined is not. */
export type SamplerChoices = {
  /** A built-in sampler, or the name of one that was registered. */
  readonly sampler?: SamplerName | (string & {});
} & Partial<Intersection<AllSettings> & LevelSettings>;

/**
 * The configuration in a config.json: a sampler, and its settings with their defaults. A setting of
 * another sampler may stand there with its default (older files say `eta: 0` with every sampler).
 */
export const samplerConfigSchema = z
  .looseObject({ sampler: z.string() })
  .transform((value, context): SamplerConfig => {
    const { sampler } = value;
    const own: Record<string, unknown> = { ...value };
    const foreign = samplerSettings().filter(
      ({ name, samplers: names }) => own[name] !== undefined && !names.includes(sampler),
    );
    const known = samplers.some(({ name }) => name === sampler);
    for (const { name, setting, samplers: names } of known ? foreign : []) {
      if (own[name] !== setting.default) {
        const message = `${setting.flag ?? name} is a setting of ${names.join(", ")}: choose that sampler too.`;
        context.addIssue({ code: "custom", message, path: [name] });
        return z.NEVER;
      }
      delete own[name];
    }
    const parsed = unionOfSamplers().safeParse(own);
    if (parsed.success) return parsed.data as SamplerConfig;
    for (const { message, path } of parsed.error.issues) {
      context.addIssue({ code: "custom", message, path });
    }
    return z.NEVER;
  });

/** Discriminated by `sampler`; made anew, as samplers may have been registered meanwhile. */
function unionOfSamplers() {
  const schemas = samplers.map(({ name, settings }) =>
    z.strictObject({
      sampler: z.literal(name),
      ...schemasOf(settings),
      ...schemasOf(levelSettings),
    }),
  );
  const names = samplers.map(({ name }) => name).join(", ");
  return z.discriminatedUnion("sampler", schemas as [(typeof schemas)[0]], {
    error: ({ input }) =>
      `There is no sampler "${(input as { sampler: string }).sampler}"; the samplers are ${names}.`,
  });
}

function schemasOf(settings: Sampler["settings"]): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(settings).map(([name, { schema }]) => [name, schema]));
}

/** The sampler of a model that says nothing else. */
export const defaultSampler: SamplerConfig = textbook("dpm++");

/**
 * For networks that predict x0-skip, trained on few images. They leave part of each estimate's
 * error in the picture; fresh noise covers it and the next call removes it. Where little noise is
 * left they take too little away, so the last call is made early (docs/experiments/007).
 */
export const stochasticDdim: SamplerConfig = {
  sampler: "ddim",
  eta: 1,
  spacing: "logsnr",
  sigmaMin: 0.05,
};

/** The sampler that suits a network with this parameterization, where it is not the default. */
export function recommendedSampler(prediction: Prediction): SamplerConfig | undefined {
  return prediction === "x0-skip" ? stochasticDdim : undefined;
}

/**
 * The sampler to use: the model's `own` unless another is named, which comes with its paper's
 * settings; then every setting that is chosen. Other properties of `choices` are not looked at.
 * @throws UsageError for an unknown sampler, a value out of range, another sampler's setting.
 */
export function resolveSampler(
  choices: SamplerChoices,
  own: SamplerConfig = defaultSampler,
): SamplerConfig {
  const given: Readonly<Record<string, unknown>> = { ...choices };
  const chosen = samplerSettings()
    .map(({ name }) => [name, given[name]])
    .filter(([, value]) => value !== undefined);
  const base =
    choices.sampler === undefined ? own : { sampler: samplerNamed(choices.sampler).name };
  return validate(samplerConfigSchema, { ...base, ...Object.fromEntries(chosen) });
}

/** A sampler as it stands in its paper. */
export function textbook(sampler: SamplerName): SamplerConfig {
  return samplerConfigSchema.parse({ sampler });
}

/** Network calls of a sample over so many noise levels. */
export function networkCalls(sampler: string, levels: number): number {
  return samplerNamed(sampler).calls?.(levels) ?? levels;
}

/** A setting that differs from its default. */
export interface ChangedSetting {
  readonly name: string;
  /** Its option's name; settings without one are left out. */
  readonly flag: string;
  readonly kind: "number" | "choice";
  readonly value: string | number;
}

/** The settings of a configuration that differ from the sampler's paper and have an option. */
export function changedSettings(config: SamplerConfig): ChangedSetting[] {
  const values: Readonly<Record<string, unknown>> = { ...config };
  return samplerSettings().flatMap(({ name, setting: { flag, kind, default: usual } }) => {
    const value = values[name];
    if (flag === undefined || value === usual) return [];
    return typeof value === "string" || typeof value === "number"
      ? [{ name, flag, kind, value }]
      : [];
  });
}

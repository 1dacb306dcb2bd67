/** The arms of a study: each combination of its factors' levels, with its settings. */
import { presetNamed } from "../models/presets.ts";
import type { NetworkConfig } from "../nn/network.ts";
import { networkSchema } from "../nn/registry.ts";
import type { TrainingSettings } from "../training/plan.ts";
import { PaletteError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { problemIn } from "../util/schema-problem.ts";
import { merge, type Study, type StudySettings } from "./study-file.ts";

export interface Arm {
  /** "L2"; of several factors "ddim, 20". */
  readonly name: string;
  /** The level of each factor. */
  readonly levels: Readonly<Record<string, string>>;
  readonly settings: StudySettings & { readonly images: number };
}

/** In the order of the file; the last factor changes first. */
export function armsOf({ train, factors }: Study): Arm[] {
  let arms: Arm[] = [{ name: "", levels: {}, settings: train }];
  for (const [factor, levels] of Object.entries(factors)) {
    arms = arms.flatMap((arm) =>
      Object.entries(levels).map(([level, settings]) => ({
        name: arm.name === "" ? level : `${arm.name}, ${level}`,
        levels: { ...arm.levels, [factor]: level },
        settings: merge(arm.settings, settings),
      })),
    );
  }
  return arms;
}

/** The models that arms of the studies begin with, by their names in the files. */
export function startingModels(studies: readonly Study[]): string[] {
  const named = studies.flatMap((study) =>
    armsOf(study).flatMap(({ settings }) => settings.from ?? []),
  );
  return [...new Set(named)];
}

/**
 * What `resolvePlan` takes for an arm; an arm that begins with a model has its network, and unless
 * it says otherwise the settings of that network's preset.
 * @throws PaletteError when its network cannot be.
 */
export function trainingSettings(
  { name, settings }: Arm,
  options: Pick<TrainingSettings, "folderWeights" | "fileWeights" | "holdOut" | "threads" | "seed">,
): TrainingSettings {
  const { from, network, images: _, sampler: __, steps: ___, ...rest } = settings;
  const preset = rest.preset ?? (from === undefined ? "tiny-32" : undefined);
  if (from !== undefined && network !== undefined) {
    throw new PaletteError(
      `${name} begins with ${from}, which has a network of its own: leave out network or from`,
    );
  }
  return {
    ...omitUndefined(options),
    ...omitUndefined(rest),
    ...omitUndefined({ preset }),
    ...(network && preset && { network: networkOf(name, preset, network) }),
    threads: options.threads,
  };
}

function networkOf(arm: string, preset: string, changes: object): NetworkConfig {
  const value = merge<object>(presetNamed(preset).network, changes);
  const { data, error } = networkSchema.safeParse(value);
  if (data === undefined) {
    throw new PaletteError(`The network of ${arm}: ${problemIn(networkSchema, value, error)}.`);
  }
  return data;
}

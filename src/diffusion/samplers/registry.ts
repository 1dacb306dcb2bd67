/** Every sampler by its name. A new one is a file beside this one and a line in `builtIn`. */
import { UsageError } from "../../util/errors.ts";
import { Registry } from "../../util/registry.ts";
import { consistency } from "./consistency.ts";
import { ddim } from "./ddim.ts";
import { ddpm } from "./ddpm.ts";
import { dpmSolver } from "./dpm-solver.ts";
import { levelSettings } from "./levels.ts";
import type { Sampler } from "./sampler.ts";
import type { Setting } from "./settings.ts";

const builtIn = [ddpm, ddim, dpmSolver, consistency] as const;
const registry = new Registry<Sampler>(
  "sampler",
  builtIn.map((sampler) => [sampler.name, sampler]),
);

export type BuiltInSampler = (typeof builtIn)[number];
/** Names of the samplers of this package; `registerSampler` may have added others. */
export type SamplerName = BuiltInSampler["name"];

/** All samplers, those of programs too (`registerSampler`). */
export const samplers: readonly Sampler[] = registry.all;

/**
 * Adds a sampler of one's own, which can then be named, with its settings, wherever one can.
 * @throws UsageError when the name is taken, or a setting is called as one of the noise levels.
 */
export function registerSampler(sampler: Sampler): void {
  const taken = Object.keys(sampler.settings).find((name) => name in levelSettings);
  if (taken !== undefined) {
    throw new UsageError(`"${taken}" is a setting of all samplers: choose another name.`);
  }
  registry.add(sampler.name, sampler);
}

/** @throws UsageError naming the samplers there are. */
export function samplerNamed(name: string): Sampler {
  return registry.get(name);
}

/** A setting of one or several samplers. */
export interface SamplerSetting {
  /** As in `SamplerConfig`. */
  readonly name: string;
  readonly setting: Setting;
  /** Names of the samplers that have it. */
  readonly samplers: readonly string[];
}

/** Every setting of every sampler once: the samplers' own, then those of the noise levels. */
export function samplerSettings(): SamplerSetting[] {
  const own = new Map<string, SamplerSetting>();
  for (const { name: sampler, settings } of registry.all) {
    for (const [name, setting] of Object.entries(settings)) {
      const found = own.get(name);
      const names = [...(found?.samplers ?? []), sampler];
      own.set(name, { name, setting: found?.setting ?? setting, samplers: names });
    }
  }
  const { names } = registry;
  const shared = Object.entries(levelSettings).map(([name, setting]) => ({
    ...{ name, setting, samplers: names },
  }));
  return [...own.values(), ...shared];
}

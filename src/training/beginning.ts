/** What a training begins with: fresh weights, or those of a model that was trained before. */
import { join, resolve } from "node:path";
import { UsageError } from "../errors.ts";
import { type ModelConfig, photosTrainedOn } from "../models/config.ts";
import { modelDigest } from "../models/digest.ts";
import { findModel, loadModelConfig, readWeights, weightsFile } from "../models/model-folder.ts";
import { writeParameter } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/unet.ts";
import type { TrainingState } from "./optimizer.ts";
import type { RunConfig } from "./run-config.ts";
import { initialize } from "./stepper.ts";

/** A model whose weights a training begins with. */
export interface Beginning {
  readonly folder: string;
  readonly config: ModelConfig;
  /** What the run's config.json says of it. */
  readonly record: NonNullable<RunConfig["from"]>;
}

/**
 * @param nameOrFolder a model's folder, or the name of a bundled one
 * @throws PaletteError when there is none.
 */
export async function beginningFrom(nameOrFolder: string): Promise<Beginning> {
  const folder = await findModel(nameOrFolder);
  const config = await loadModelConfig(folder);
  const record = {
    name: config.name,
    digest: await modelDigest(folder, [weightsFile]),
    images: (config.training?.images ?? 0) + (config.training?.from?.images ?? 0),
    photos: photosTrainedOn(config),
  };
  return { folder, config, record };
}

/** @throws UsageError when a run would begin with what it makes itself. */
export function assertNotItsOwn(from: string, out: string): void {
  const [model, run] = [resolve(from), resolve(out)];
  if (model !== run && model !== join(run, "model")) return;
  throw new UsageError(
    `${from} is made by the run in ${out}: leave out --from to continue that run, or choose another --out.`,
  );
}

/** Sets the weights and their average: those of the model in `from`, or fresh ones. */
export async function begin(
  state: TrainingState,
  config: RunConfig,
  from: string | undefined,
  options: Parameters<typeof initialize>[2],
): Promise<void> {
  if (from === undefined) return initialize(state, config, options);
  const specs = parameterSpecs(config.network);
  await readWeights(from, specs, (spec, data) => {
    options?.onPart?.(spec.offset, state.parameters.length);
    writeParameter(state.parameters, spec, data);
  });
  state.ema.set(state.parameters);
}

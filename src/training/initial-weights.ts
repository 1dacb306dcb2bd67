/** What a training begins with: fresh weights, or those of a model that was trained before. */
import { join, resolve } from "node:path";
import { imagesSeen, photosTrainedOn } from "../models/config.ts";
import { weightsFile } from "../models/model.ts";
import type { ModelObjective, Objective } from "../models/settings/objective.ts";
import { writeParameter } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { modelDigest } from "../node/fingerprint.ts";
import { findModel, folderWeights, loadModelConfig } from "../node/model-folder.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import type { RunConfig } from "./run-config.ts";
import { initialize } from "./step/data-parallel.ts";
import type { TrainingState } from "./step/optimizer.ts";

/** What a model brings along, which is not chosen again. */
export type Inherited = Pick<
  RunConfig,
  "network" | "trainingSchedule" | "inferenceSchedule" | "sampler" | "ddpm" | "origin"
>;

/** A model whose weights a training begins with. */
export interface WarmStart {
  /** As it was named. */
  readonly name: string;
  /** Where the weights lie; none when the run has weights of its own by now. */
  readonly folder?: string;
  readonly inherited: Inherited;
  /** What it was trained for, as far as recorded. */
  readonly objective: ModelObjective;
  /** What the run's config.json says of it. */
  readonly record: NonNullable<RunConfig["from"]>;
}

/**
 * What a new run begins with, or a run with a checkpoint began with: that run does not need the model any
 * more. Undefined: fresh weights.
 * @param named a model's folder, or the name of a bundled one
 * @param earlier the configuration of the run that goes on
 * @throws PaletteError when there is no such model; UsageError when the run began with another.
 */
export async function warmStartOf(
  named: string | undefined,
  earlier?: RunConfig,
): Promise<WarmStart | undefined> {
  if (earlier !== undefined) return beginningOfRun(named, earlier);
  return named === undefined ? undefined : beginningFrom(named);
}

function beginningOfRun(named: string | undefined, earlier: RunConfig): WarmStart | undefined {
  const { from: record, machine } = earlier;
  const before = record && (machine.from ?? record.name);
  if (named !== undefined && (before === undefined || resolve(named) !== resolve(before))) {
    throw new UsageError(
      `The run began with ${before ?? "fresh weights"}: leave out --from to continue it, or choose another --out.`,
    );
  }
  if (record === undefined) return undefined;
  return { name: before!, inherited: earlier, objective: earlier.objective, record };
}

async function beginningFrom(name: string): Promise<WarmStart> {
  const folder = await findModel(name);
  const config = await loadModelConfig(folder);
  return {
    name,
    folder,
    inherited: config,
    objective: config.objective,
    record: {
      name: config.name,
      digest: await modelDigest(folder, [weightsFile]),
      images: imagesSeen(config),
      photos: photosTrainedOn(config),
    },
  };
}

/** @throws UsageError when a run would begin with what it makes itself. */
export function assertNotItsOwn(from: string, out: string): void {
  const [model, run] = [resolve(from), resolve(out)];
  if (model !== run && model !== join(run, "model")) return;
  throw new UsageError(
    `${from} is made by the run in ${out}: leave out --from to continue that run, or choose another --out.`,
  );
}

/**
 * Sets the weights and their average: those of the model in `from`, or fresh ones.
 * @throws PaletteError when the model's weights are damaged, or are others by now; the signal's reason is
 * not thrown, but the state is left half made.
 */
export async function begin(
  state: TrainingState,
  config: RunConfig,
  from: string | undefined,
  options: NonNullable<Parameters<typeof initialize>[2]> = {},
): Promise<void> {
  if (from === undefined) return initialize(state, config, options);
  const { parameters } = state;
  const file = join(from, weightsFile);
  const stopped = new Error("stopped");
  try {
    await folderWeights(from).read(parameterSpecs(config.network), (spec, data) => {
      if (options.signal?.aborted) throw stopped;
      options.onPart?.(spec.offset, parameters.length);
      if (!data.every(Number.isFinite)) {
        throw new PaletteError(
          `${file} holds numbers that are not finite: begin with another model.`,
        );
      }
      writeParameter(parameters, spec, data);
    });
  } catch (thrown) {
    if (thrown === stopped) return;
    throw thrown;
  }
  if ((await modelDigest(from, [weightsFile])) !== config.from?.digest) {
    throw new PaletteError(`${file} has changed meanwhile: start again.`);
  }
  state.ema.set(parameters);
}

/** Settings that a model brings along, chosen otherwise. */
export function checkBeginning(
  { name, inherited, objective }: WarmStart,
  request: { readonly network?: unknown; readonly objective?: Partial<Objective> },
): void {
  const refuse = (option: string) => {
    throw new UsageError(
      `The training begins with ${name}, which has a network of its own: leave out ${option}.`,
    );
  };
  if (request.network !== undefined) refuse("--network");
  if (inherited.network.channels !== 3) {
    throw new UsageError(
      `Training takes pictures of 3 channels, but ${name} is for ${inherited.network.channels}: begin with another model.`,
    );
  }
  const { prediction, regression } = request.objective ?? {};
  if (prediction !== undefined && prediction !== objective.prediction) {
    refuse(`--predict ${prediction} (it predicts ${objective.prediction})`);
  }
  if (regression !== undefined && regression !== (objective.regression ?? false)) {
    refuse(`--regression (it is ${objective.regression ? "a" : "no"} regression model)`);
  }
}

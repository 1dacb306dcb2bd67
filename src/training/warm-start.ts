/** What a training begins with: fresh weights, or those of a model that was trained before. */
import { imagesSeen, photosTrainedOn } from "../models/config.ts";
import type { StoredModel } from "../models/model.ts";
import type { ModelObjective, Objective } from "../models/settings/objective.ts";
import { writeParameter } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import type { RunConfig } from "./run-config.ts";
import type { TrainingState } from "./step/optimizer.ts";
import { type InitializeOptions, initialize } from "./step/strategy.ts";

/** What a model brings along, which is not chosen again. */
export type Inherited = Pick<
  RunConfig,
  "network" | "trainingSchedule" | "inferenceSchedule" | "sampler" | "sampling" | "ddpm" | "origin"
>;

/** A model to begin with, as its platform has found it. */
export interface StartingModel extends StoredModel {
  /** As it was named. */
  readonly name: string;
  /** What to call its weights in an error message: their path. */
  readonly source: string;
  /** 16 hexadecimal digits of the SHA-256 of its weights, read anew with each call. */
  digest(): Promise<string>;
}

/** A model whose weights a run begins with, or began with. */
export interface WarmStart {
  /** As it was named. */
  readonly name: string;
  /** None when the run has weights of its own by now. */
  readonly model?: StartingModel;
  readonly inherited: Inherited;
  /** What it was trained for, as far as recorded. */
  readonly objective: ModelObjective;
  /** What the run's config.json says of it. */
  readonly record: NonNullable<RunConfig["from"]>;
}

/** What a new run begins with. */
export async function warmStart(model: StartingModel): Promise<WarmStart> {
  const { name, config } = model;
  return {
    name,
    model,
    inherited: config,
    objective: config.objective,
    record: {
      name: config.name,
      digest: await model.digest(),
      images: imagesSeen(config),
      photos: photosTrainedOn(config),
    },
  };
}

/** What a run with a checkpoint began with; it does not need the model any more. */
export function warmStartOf(earlier: RunConfig): WarmStart | undefined {
  const { from: record, machine } = earlier;
  if (record === undefined) return undefined;
  const name = machine.from ?? record.name;
  return { name, inherited: earlier, objective: earlier.objective, record };
}

/**
 * Sets the weights: those of the model, or fresh ones. A signal leaves them half made.
 * @throws PaletteError when the model's weights are damaged, or are others by now.
 */
export async function setInitialWeights(
  state: Pick<TrainingState, "parameters">,
  config: Pick<RunConfig, "network" | "seed" | "from">,
  from: StartingModel | undefined,
  options: InitializeOptions = {},
): Promise<void> {
  if (from === undefined) return initialize(state, config, options);
  const { parameters } = state;
  const stopped = new Error("stopped");
  try {
    await from.weights.read(parameterSpecs(config.network), (spec, data) => {
      if (options.signal?.aborted) throw stopped;
      options.onPart?.(spec.offset, parameters.length);
      if (!data.every(Number.isFinite)) {
        throw new PaletteError(
          `${from.source} holds numbers that are not finite: begin with another model.`,
        );
      }
      writeParameter(parameters, spec, data);
    });
  } catch (thrown) {
    if (thrown === stopped) return;
    throw thrown;
  }
  if ((await from.digest()) !== config.from?.digest) {
    throw new PaletteError(`${from.source} has changed meanwhile: start again.`);
  }
}

/**
 * Predictions that are the picture itself where nothing but noise is seen, as the regression
 * baseline sees it: a diffusion model of these can go on as one.
 */
const givesPicture: readonly string[] = ["x0", "x0-skip"];

/** @throws UsageError for settings that the model brings along, chosen otherwise. */
export function checkWarmStart(
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
  const wasRegression = objective.regression ?? false;
  if (regression === undefined || regression === wasRegression) return;
  if (wasRegression) refuse("--regression (it is a regression model)");
  if (!givesPicture.includes(objective.prediction)) {
    throw new UsageError(
      `${name} predicts ${objective.prediction}, but the regression baseline the picture: begin with a model that predicts ${givesPicture.join(" or ")}, or leave out --from.`,
    );
  }
}

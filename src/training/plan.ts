/** From what was asked for to what will be trained: preset, overrides and photos resolved. */
import { isDeepStrictEqual } from "node:util";
import { scanPhotoSets, splitHoldOut } from "../data/photos.ts";
import { lossWeight, type Prediction, type Weighting } from "../diffusion/prediction.ts";
import type { LevelDistribution } from "../diffusion/training-levels.ts";
import { UsageError } from "../errors.ts";
import { type Preset, paperObjective, presetNamed, presets } from "../models/presets.ts";
import type { UNetConfig } from "../nn/config.ts";
import type { Loss } from "../nn/programs.ts";
import { tasks as allTasks, taskNamed } from "../tasks/registry.ts";
import { type Beginning, beginningFrom } from "./beginning.ts";
import { type RunConfig, runConfig } from "./run-config.ts";

/** What may be asked for; what is left out comes from the preset or is as said. */
export interface TrainingRequest {
  /** Folders of photos. */
  readonly data: readonly string[];
  /** "small-64" unless given, or the one whose network `from` has. */
  readonly preset?: string;
  /**
   * A model's folder, or the name of a bundled one: the training begins with its weights, network,
   * prediction and schedules.
   */
  readonly from?: string;
  /** In place of the preset's, whose other settings stay. */
  readonly network?: UNetConfig;
  /** Names; all tasks unless given. The order does not matter. */
  readonly tasks?: readonly string[];
  /** See `splitHoldOut`; "every:7:1" unless given. */
  readonly holdOut?: string;
  /** "l2" unless given. */
  readonly loss?: Loss;
  readonly prediction?: Prediction;
  readonly weighting?: Weighting;
  readonly levels?: LevelDistribution;
  readonly regression?: boolean;
  readonly batch?: number;
  /** 1 unless given. */
  readonly accumulate?: number;
  readonly learningRate?: number;
  readonly warmUpImages?: number;
  readonly emaDecay?: number;
  readonly clip?: number | null;
  /** 1 unless given. */
  readonly seed?: number;
  readonly threads: number;
}

export interface TrainingPlan {
  readonly config: RunConfig;
  /** Paths, in the order that examples are drawn from. */
  readonly training: readonly string[];
  readonly heldOut: readonly string[];
  /** The folder of the model it begins with. */
  readonly from?: string;
}

/** @throws UsageError for impossible wishes, PaletteError when a folder holds no photos. */
export async function planTraining(request: TrainingRequest): Promise<TrainingPlan> {
  const from = request.from === undefined ? undefined : await beginningFrom(request.from);
  if (from) checkBeginning(from, request);
  const preset = presetOf(request, from);
  const { defaults } = preset;
  const { regression = from?.config.regression ?? false, holdOut = "every:7:1" } = request;
  if (regression && (request.prediction ?? "x0") !== "x0") {
    throw new UsageError(
      `The regression baseline predicts the picture itself: leave out --predict ${request.prediction}.`,
    );
  }
  const { network = from?.config.network ?? preset.network } = request;
  if (network.channels !== 3) {
    throw new UsageError(
      `Training takes pictures of 3 channels, but the network has ${network.channels}: set its channels to 3.`,
    );
  }
  const wanted = new Set((request.tasks ?? allTasks.map(({ name }) => name)).map(taskNamed));
  const tasks = allTasks.filter((task) => wanted.has(task)).map(({ name }) => name);
  if (tasks.length === 0) throw new UsageError("Name at least one task.");
  const prediction = regression
    ? "x0"
    : (request.prediction ?? from?.config.prediction ?? preset.prediction);
  // The paper's own objective is weighted and drawn as in the paper, unless asked otherwise.
  const usual = regression || prediction === "epsilon" ? paperObjective : preset;
  const { weighting = usual.weighting, levels = usual.levels } = regression
    ? paperObjective
    : request;
  lossWeight(prediction, 0.5, weighting); // throws for a pair that cannot be
  const sets = await scanPhotoSets(request.data);
  const { train: training, heldOut } = splitHoldOut(
    sets.map(({ photos }) => photos),
    holdOut,
  );
  const config = runConfig.parse({
    format: 1,
    preset: isDeepStrictEqual(network, preset.network) ? preset.name : "custom",
    ...(from && { from: from.record }),
    network,
    prediction,
    weighting,
    levels,
    regression,
    trainingSchedule: (from?.config ?? preset).trainingSchedule,
    inferenceSchedule: (from?.config ?? preset).inferenceSchedule,
    tasks,
    loss: request.loss ?? "l2",
    batch: request.batch ?? defaults.batch,
    accumulate: request.accumulate ?? 1,
    learningRate: request.learningRate ?? defaults.learningRate,
    warmUpImages: request.warmUpImages ?? defaults.warmUpImages,
    emaDecay: request.emaDecay ?? defaults.emaDecay,
    clip: request.clip === undefined ? defaults.clip : request.clip,
    seed: request.seed ?? 1,
    photos: {
      training: training.length,
      heldOut: heldOut.length,
      holdOut,
      digests: sets.map(({ digest }) => digest),
    },
    machine: { threads: request.threads, folders: [...request.data] },
  } satisfies RunConfig);
  return { config, training, heldOut, ...(from && { from: from.folder }) };
}

/** What a model brings along is not chosen again. */
function checkBeginning({ config, folder }: Beginning, request: TrainingRequest): void {
  const refuse = (option: string) => {
    throw new UsageError(
      `The training begins with ${folder}, which has a network of its own: leave out ${option}.`,
    );
  };
  if (request.network !== undefined) refuse("--network");
  if (request.prediction !== undefined && request.prediction !== config.prediction) {
    refuse(`--predict ${request.prediction} (it predicts ${config.prediction})`);
  }
  if (request.regression === true && !config.regression) {
    refuse("--regression (it is no regression model)");
  }
}

/** The settings of training: those asked for, else those of the network, else small-64's. */
function presetOf({ preset }: TrainingRequest, from: Beginning | undefined): Preset {
  if (preset !== undefined) return presetNamed(preset);
  const same = presets.find(({ network }) => isDeepStrictEqual(network, from?.config.network));
  return same ?? presetNamed("small-64");
}

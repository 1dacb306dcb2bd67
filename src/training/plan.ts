/** From what was asked for to what will be trained: preset, overrides and photos resolved. */
import { isDeepStrictEqual } from "node:util";
import { scanPhotoSets, splitHoldOut } from "../data/photos.ts";
import { definedOf } from "../defined.ts";
import { lossWeight, type Prediction, type Weighting } from "../diffusion/prediction.ts";
import type { LevelDistribution } from "../diffusion/training-levels.ts";
import { UsageError } from "../errors.ts";
import { acquaintance, rulesFor } from "../models/acquaintance.ts";
import { type Preset, paperObjective, presetNamed, presets } from "../models/presets.ts";
import type { UNetConfig } from "../nn/config.ts";
import type { Loss } from "../nn/loss.ts";
import { tasks as allTasks, taskNamed } from "../tasks/registry.ts";
import {
  assertNotItsOwn,
  type Beginning,
  beginningOf,
  checkBeginning,
  type Inherited,
} from "./beginning.ts";
import { essentialMix, type Mix } from "./mix.ts";
import { type RunConfig, runConfig } from "./run-config.ts";
import { RunFolder } from "./run-folder.ts";

/** What may be asked for; what is left out comes from the preset or is as said. */
export interface TrainingRequest {
  /** Folders of photos. */
  readonly data: readonly string[];
  /** "small-64" unless given, or the one whose network `from` has. */
  readonly preset?: string;
  /**
   * A model's folder, or the name of a bundled one: the training begins with its weights, network,
   * prediction and schedules, and has its objective unless told otherwise. It is needed for the first
   * sitting only.
   */
  readonly from?: string;
  /** The run folder: what a run there began with stays so. */
  readonly out?: string;
  /** In place of the preset's, whose other settings stay. */
  readonly network?: UNetConfig;
  /** Names; all tasks unless given. The order does not matter. */
  readonly tasks?: readonly string[];
  /** Tasks to be drawn more often than the others, by name; equally often unless given. */
  readonly mix?: Mix;
  /**
   * Share of the pictures shown in black and white, 0 to 1, so that gray photos are known to all tasks but
   * colorization, which sees all in colour; 0 unless given.
   */
  readonly gray?: number;
  /** Whether each crop gets another aspect and tone, for collections of a few hundred photos; not unless given. */
  readonly vary?: boolean;
  /** See `splitHoldOut`; unless given that of the model in `from` if it knows these photos, or "every:7:1". */
  readonly holdOut?: string;
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
  /** What to know before it begins. */
  readonly notes: readonly string[];
}

/** @throws UsageError for impossible wishes, PaletteError when a folder holds no photos. */
export async function planTraining(request: TrainingRequest): Promise<TrainingPlan> {
  const { out } = request;
  if (request.from !== undefined && out !== undefined) assertNotItsOwn(request.from, out);
  const earlier = out === undefined ? undefined : await RunFolder.begunIn(out);
  const from = await beginningOf(request.from, earlier);
  if (from) checkBeginning(from, request);
  const preset = presetOf(request, from);
  const { defaults } = preset;
  const base: Inherited = from?.inherited ?? { ...preset, regression: false };
  const { network = base.network, regression = base.regression } = request;
  if (regression && (request.prediction ?? "x0") !== "x0") {
    throw new UsageError(
      `The regression baseline predicts the picture itself: leave out --predict ${request.prediction}.`,
    );
  }
  if (network.channels !== 3) {
    throw new UsageError(
      `Training takes pictures of 3 channels, but the network has ${network.channels}: set its channels to 3.`,
    );
  }
  const wanted = new Set((request.tasks ?? allTasks.map(({ name }) => name)).map(taskNamed));
  const tasks = allTasks.filter((task) => wanted.has(task)).map(({ name }) => name);
  if (tasks.length === 0) throw new UsageError("Name at least one task.");
  const prediction = regression ? "x0" : (request.prediction ?? base.prediction);
  // The paper's own predictions have all of the paper's objective, unless asked otherwise.
  const usual = {
    ...(regression || prediction === "epsilon" ? paperObjective : preset),
    ...from?.objective,
  };
  const { loss = usual.loss } = request;
  const { weighting = usual.weighting, levels = usual.levels } = regression
    ? paperObjective
    : request;
  lossWeight(prediction, 0.5, weighting); // throws for a pair that cannot be
  const sets = await scanPhotoSets(request.data);
  const digests = sets.map(({ digest }) => digest);
  const known = from?.record.photos ?? [];
  const holdOut = request.holdOut ?? rulesFor(known, digests)[0] ?? "every:7:1";
  const { train: training, heldOut } = splitHoldOut(
    sets.map(({ photos }) => photos),
    holdOut,
  );
  const config = runConfig.parse({
    format: 1,
    preset: isDeepStrictEqual(network, preset.network) ? preset.name : "custom",
    ...definedOf({
      from: from?.record,
      sampling: base.sampling,
      ddpm: base.ddpm,
      origin: base.origin,
      mix: essentialMix(request.mix ?? {}, tasks),
      gray: request.gray || undefined,
      vary: request.vary || undefined,
    }),
    network,
    prediction,
    weighting,
    levels,
    regression,
    trainingSchedule: base.trainingSchedule,
    inferenceSchedule: base.inferenceSchedule,
    tasks,
    loss,
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
      digests,
    },
    machine: {
      threads: request.threads,
      folders: [...request.data],
      ...(from && { from: from.name }),
    },
  } satisfies RunConfig);
  const seen = known.some((record) => acquaintance(record, digests, holdOut) === "seen");
  return {
    config,
    training,
    heldOut,
    ...definedOf({ from: from?.folder }),
    notes:
      seen && heldOut.length > 0
        ? [`${from!.name} was trained on some of the held-out photos: their loss says little.`]
        : [],
  };
}

/** The settings of training: those asked for, else those of the network, else small-64's. */
function presetOf({ preset }: TrainingRequest, from: Beginning | undefined): Preset {
  if (preset !== undefined) return presetNamed(preset);
  const same = presets.find(({ network }) => isDeepStrictEqual(network, from?.inherited.network));
  return same ?? presetNamed("small-64");
}

/** From what was asked for to what will be trained: preset, overrides and photos resolved. */
import { basename, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { CropScale } from "../data/crop-scale.ts";
import { splitHoldOut } from "../data/hold-out.ts";
import { type FileWeight, photoWeights } from "../data/weights.ts";
import type { NoiseLevelDistribution } from "../diffusion/noise-level-distribution.ts";
import { lossWeight, type Prediction, type Weighting } from "../diffusion/parameterization.ts";
import { type Preset, paperObjective, presetNamed, presets } from "../models/presets.ts";
import { holdOutRules, overlap } from "../models/train-test-overlap.ts";
import type { UNetConfig } from "../nn/config.ts";
import type { Loss } from "../nn/loss.ts";
import { type PhotoSet, scanPhotoSets } from "../node/photo-folders.ts";
import { RunFolder } from "../node/run-folder.ts";
import { tasks as allTasks, taskNamed } from "../tasks/registry.ts";
import type { JpegQualities } from "../tasks/task.ts";
import { UsageError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import {
  assertNotItsOwn,
  checkBeginning,
  type Inherited,
  type WarmStart,
  warmStartOf,
} from "./initial-weights.ts";
import { type RunConfig, runConfig } from "./run-config.ts";
import { essentialMix, type TaskMix } from "./task-sampler.ts";

/** What may be asked for; what is left out comes from the preset or is as said. */
export interface TrainingRequest {
  /** Folders of photos. */
  readonly data: readonly string[];
  /** How often a folder's photos are drawn, by the folder's name in `data`; 1 unless given. */
  readonly folderWeights?: Readonly<Record<string, number>>;
  /** How often photos are drawn by their file names; see `photoWeights`. */
  readonly fileWeights?: readonly FileWeight[];
  /** Which part of a photo a crop shows; "own..full" unless given, or as the run in `out` began. */
  readonly cropScale?: CropScale;
  /** Which JPEG qualities are drawn; the paper's unless given. */
  readonly jpegQuality?: JpegQualities;
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
  readonly mix?: TaskMix;
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
  readonly levels?: NoiseLevelDistribution;
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
  /** Of each photo in `training`, how often it is drawn; undefined where all are drawn equally often. */
  readonly weights?: readonly number[];
  readonly heldOut: readonly string[];
  /** The same photos by the folder they came from. */
  readonly sources: readonly PhotoSource[];
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
  const from = await warmStartOf(request.from, earlier);
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
  const holdOut = request.holdOut ?? holdOutRules(known, digests)[0] ?? "every:7:1";
  const { train, heldOut } = splitHoldOut(
    sets.map(({ photos }) => photos),
    holdOut,
  );
  const { folderWeights = {}, fileWeights = [] } = request;
  const { training, weights } = weighed(sets, train, folderWeights, fileWeights);
  const unequal = weights !== undefined;
  const weightOf = ({ folder }: PhotoSet) => folderWeights[folder] ?? 1;
  const config = runConfig.parse({
    format: 1,
    preset: isDeepStrictEqual(network, preset.network) ? preset.name : "custom",
    ...omitUndefined({
      from: from?.record,
      sampling: base.sampling,
      ddpm: base.ddpm,
      origin: base.origin,
      mix: essentialMix(request.mix ?? {}, tasks),
      gray: request.gray || undefined,
      vary: request.vary || undefined,
      cropScale: request.cropScale ?? (earlier ? earlier.cropScale : "own..full"),
      jpegQuality: request.jpegQuality === "wide" ? ("wide" as const) : undefined,
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
      ...(unequal && {
        weights: omitUndefined({
          folders: sets.every((set) => weightOf(set) === 1)
            ? undefined
            : Object.fromEntries(sets.map((set) => [set.digest, weightOf(set)])),
          files: fileWeights.length === 0 ? undefined : [...fileWeights],
        }),
      }),
    },
    machine: {
      threads: request.threads,
      folders: [...request.data],
      ...(from && { from: from.name }),
    },
  } satisfies RunConfig);
  const seen = known.some((record) => overlap(record, digests, holdOut) === "seen");
  return {
    config,
    training,
    heldOut,
    sources: sourcesOf(sets, new Set(training), new Set(heldOut)),
    ...omitUndefined({ weights, from: from?.folder }),
    notes:
      seen && heldOut.length > 0
        ? [`${from!.name} was trained on some of the held-out photos: their loss says little.`]
        : [],
  };
}

/** The photos that are drawn at all, and how often. */
function weighed(
  sets: readonly PhotoSet[],
  photos: readonly string[],
  folderWeights: Readonly<Record<string, number>>,
  fileWeights: readonly FileWeight[],
): { readonly training: string[]; readonly weights?: number[] } {
  const folderOf = new Map(sets.flatMap(({ folder, photos }) => photos.map((p) => [p, folder])));
  const weights = photoWeights(
    photos,
    (photo) => folderWeights[folderOf.get(photo)!] ?? 1,
    fileWeights,
  );
  const training = photos.filter((_, k) => weights[k]! > 0);
  if (training.length === 0) throw new UsageError("All photos have the weight 0: none is drawn.");
  const drawn = weights.filter((weight) => weight > 0);
  return drawn.every((weight) => weight === drawn[0]) ? { training } : { training, weights: drawn };
}

/** A folder's photos. */
export interface PhotoSource {
  /** The folder's name; with its path where two have the same. */
  readonly name: string;
  readonly training: readonly string[];
  readonly heldOut: readonly string[];
}

function sourcesOf(
  sets: readonly PhotoSet[],
  training: ReadonlySet<string>,
  heldOut: ReadonlySet<string>,
): PhotoSource[] {
  const names = sets.map(({ folder }) => basename(resolve(folder)));
  return sets.map(({ folder, photos }, k) => ({
    name: names.filter((name) => name === names[k]).length > 1 ? folder : names[k]!,
    training: photos.filter((photo) => training.has(photo)),
    heldOut: photos.filter((photo) => heldOut.has(photo)),
  }));
}

/** The settings of training: those asked for, else those of the network, else small-64's. */
function presetOf({ preset }: TrainingRequest, from: WarmStart | undefined): Preset {
  if (preset !== undefined) return presetNamed(preset);
  const same = presets.find(({ network }) => isDeepStrictEqual(network, from?.inherited.network));
  return same ?? presetNamed("small-64");
}

/** From what was asked for to what will be trained: preset, overrides and photos resolved. */
import { splitHoldOut } from "../data/hold-out.ts";
import { leftOutNotes, type PhotoRecord, type PhotoSet } from "../data/photo-reader.ts";
import { assertLearned, essentialMix, type TaskMix } from "../data/task-sampler.ts";
import { type FileWeight, photoWeights } from "../data/weights.ts";
import type { SamplerConfig } from "../diffusion/samplers/sampler-config.ts";
import { type Preset, presetNamed, presets } from "../models/presets.ts";
import { type Augmentation, defaultAugmentation } from "../models/settings/augmentation.ts";
import type { Objective } from "../models/settings/objective.ts";
import type { Optimizer } from "../models/settings/optimizer.ts";
import { inheritedSampling, type SamplingSettings } from "../models/settings/sampling.ts";
import { holdOutRules, overlap } from "../models/train-test-overlap.ts";
import type { NetworkConfig } from "../nn/network.ts";
import { atResolution } from "../nn/registry.ts";
import { tasks as allTasks, registeredTasks, taskNamed } from "../tasks/registry.ts";
import { deepEqual } from "../util/deep-equal.ts";
import { UsageError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { problemIn } from "../util/schema-problem.ts";
import { checkFirstCall, objectiveOf, withDropout } from "./plan-objective.ts";
import { type RunConfig, runConfig } from "./run-config.ts";
import {
  checkWarmStart,
  type Inherited,
  type StartingModel,
  type WarmStart,
} from "./warm-start.ts";

/** What may be asked for; what is left out comes from the preset or is as said. */
export interface TrainingSettings {
  /** How often a folder's photos are drawn, by the folder's name in `data`; 1 unless given. */
  readonly folderWeights?: Readonly<Record<string, number>>;
  /** How often photos are drawn by their file names; see `photoWeights`. */
  readonly fileWeights?: readonly FileWeight[];
  /** As `defaultAugmentation` unless given; the crop scale as the run that goes on began. */
  readonly augmentation?: Partial<Augmentation>;
  /** "small-64" unless given, or the one whose network the starting model has. */
  readonly preset?: string;
  /** In place of the preset's, whose other settings stay. */
  readonly network?: NetworkConfig;
  /** In place of the network's own: its weights fit pictures of any side. */
  readonly resolution?: number;
  /** Names; all tasks unless given. The order does not matter. */
  readonly tasks?: readonly string[];
  /** Tasks to be drawn more often than the others, by name; equally often unless given. */
  readonly mix?: TaskMix;
  /**
   * See `splitHoldOut`; unless given that of the starting model if it knows these photos, or
   * "every:7:1".
   */
  readonly holdOut?: string;
  /** The preset's, or that of the starting model, unless given. */
  readonly objective?: Partial<Objective>;
  /** The preset's unless given. */
  readonly optimizer?: Partial<Optimizer>;
  /** How the trained model is sampled; as the starting model, or as suits the prediction. */
  readonly sampler?: SamplerConfig;
  /** Network calls an answer of the trained model, of every task; as the starting model. */
  readonly calls?: number;
  /** 1 unless given. */
  readonly seed?: number;
  readonly threads: number;
  /** Processes that share each update; 1 unless given. */
  readonly ranks?: number;
  /** See `StepperOptions`. */
  readonly recompute?: boolean;
}

/** What a platform has found: photos, a model to begin with, a run that goes on. */
export interface PlanInputs {
  /** Sorted by their digests, so that their order does not depend on where the photos lie. */
  readonly sets: readonly PhotoSet[];
  /** The folders as they were named, for the record. */
  readonly folders: readonly string[];
  /** See `warmStart`. */
  readonly from?: WarmStart;
  /** The configuration of the run that goes on: what it began with stays so. */
  readonly earlier?: RunConfig;
}

export interface TrainingPlan {
  readonly config: RunConfig;
  /** Paths, in the order that examples are drawn from. */
  readonly training: readonly string[];
  /**
   * Of each photo in `training`, how often it is drawn; undefined where all are drawn equally
   * often.
   */
  readonly weights?: readonly number[];
  readonly heldOut: readonly string[];
  /** The same photos by the folder they came from. */
  readonly sources: readonly PhotoSource[];
  /** The model it begins with, until the run has weights of its own. */
  readonly from?: StartingModel;
  /** All photos, held out or not, to tell later which have changed; where the platform can. */
  readonly photos?: readonly PhotoRecord[];
  /** What to know before it begins. */
  readonly notes: readonly string[];
}

/** @throws UsageError for impossible settings. */
export function resolvePlan(
  request: TrainingSettings,
  { sets, folders, from, earlier }: PlanInputs,
): TrainingPlan {
  if (from) checkWarmStart(from, request);
  const preset = presetOf(request, from);
  const base: Inherited = from?.inherited ?? preset;
  const { network: own = base.network, resolution } = request;
  const network = resolution === undefined ? own : atResolution(own, resolution);
  const chosen = objectiveOf(request.objective ?? {}, preset, from);
  if (network.channels !== 3) {
    throw new UsageError(
      `Training takes pictures of 3 channels, but the network has ${network.channels}: set its channels to 3.`,
    );
  }
  const wanted = new Set((request.tasks ?? allTasks.map(({ name }) => name)).map(taskNamed));
  const tasks = registeredTasks()
    .filter((task) => wanted.has(task))
    .map(({ name }) => name);
  if (tasks.length === 0) throw new UsageError("Name at least one task.");
  checkFirstCall(chosen, tasks);
  const objective = withDropout(chosen, tasks, request.objective?.conditioningDropout);
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
  const settings: RunConfig = {
    format: 2,
    preset: deepEqual(network, preset.network) ? preset.name : "custom",
    ...omitUndefined({
      from: from?.record,
      // The regression baseline answers in one call.
      ...(!objective.regression && {
        sampler: request.sampler ?? base.sampler,
        sampling: samplingOf(request, base, tasks),
      }),
      ddpm: base.ddpm,
      origin: base.origin,
      mix: essentialMix(request.mix ?? {}, tasks),
    }),
    network,
    objective,
    trainingSchedule: base.trainingSchedule,
    inferenceSchedule: base.inferenceSchedule,
    tasks,
    augmentation: {
      ...defaultAugmentation,
      ...(earlier && { cropScale: earlier.augmentation.cropScale }),
      ...omitUndefined(request.augmentation ?? {}),
    },
    optimizer: { ...preset.optimizer, ...omitUndefined(request.optimizer ?? {}) },
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
      ...((request.ranks ?? 1) > 1 && { ranks: request.ranks }),
      ...(request.recompute && { recompute: true }),
      folders: [...folders],
      ...(from && { from: from.name }),
    },
  };
  checkOwnPixels(settings.augmentation, tasks);
  const { data: config, error } = runConfig.safeParse(settings);
  if (config === undefined) throw new UsageError(`${problemIn(runConfig, settings, error)}.`);
  const seen = known.some((record) => overlap(record, digests, holdOut) === "seen");
  return {
    config,
    training,
    heldOut,
    sources: sourcesOf(sets, new Set(training), new Set(heldOut)),
    ...omitUndefined({ weights, from: from?.model }),
    ...(sets.every(({ records }) => records) && {
      photos: sets.flatMap(({ records = [] }) => records),
    }),
    notes: [
      ...leftOutNotes(sets.flatMap(({ leftOut = [] }) => leftOut)),
      ...(seen && heldOut.length > 0
        ? [`${from!.name} was trained on some of the held-out photos: their loss says little.`]
        : []),
    ],
  };
}

/** @throws UsageError for crops at the photo's own pixels that cannot be. */
function checkOwnPixels({ ownPixels, cropScale }: Augmentation, tasks: readonly string[]): void {
  if (ownPixels === undefined) return;
  for (const name of Object.keys(ownPixels)) assertLearned(name, tasks, "--own-pixels");
  if (cropScale !== "own..full") {
    throw new UsageError(
      `--own-pixels needs --crop-scale own..full: with ${cropScale} photos are not kept at their own size.`,
    );
  }
}

/** What the trained model's config.json says of its use. */
function samplingOf(
  { calls }: TrainingSettings,
  { sampling }: Inherited,
  tasks: readonly string[],
): SamplingSettings | undefined {
  const inherited = sampling && inheritedSampling(sampling);
  if (calls === undefined) return inherited;
  // A student of few calls has learned to begin at noise, and one sampler.
  const { starts: _, samplers: __, ...kept } = inherited ?? {};
  return { ...kept, steps: Object.fromEntries(tasks.map((task) => [task, calls])) };
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
  /** See `PhotoSet`. */
  readonly name: string;
  readonly training: readonly string[];
  readonly heldOut: readonly string[];
}

function sourcesOf(
  sets: readonly PhotoSet[],
  training: ReadonlySet<string>,
  heldOut: ReadonlySet<string>,
): PhotoSource[] {
  return sets.map(({ name, photos }) => ({
    name,
    training: photos.filter((photo) => training.has(photo)),
    heldOut: photos.filter((photo) => heldOut.has(photo)),
  }));
}

/** The settings of training: those asked for, else those of the network, else small-64's. */
function presetOf({ preset }: TrainingSettings, from: WarmStart | undefined): Preset {
  if (preset !== undefined) return presetNamed(preset);
  const same = presets.find(({ network }) => deepEqual(network, from?.inherited.network));
  return same ?? presetNamed("small-64");
}

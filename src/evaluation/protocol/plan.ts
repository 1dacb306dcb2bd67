/**
 * From what was asked for to what will be evaluated: models, conditions, photos and rows resolved.
 */
import { type CropScale, cropScales } from "../../data/crop-scale.ts";
import { leftOutNotes } from "../../data/photo-reader.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import {
  checkGuidance,
  checkGuidedTask,
  isGuided,
  knowsGuidance,
} from "../../pipeline/guidance.ts";
import { registeredTasks } from "../../tasks/registry.ts";
import { PaletteError, UsageError } from "../../util/errors.ts";
import { quantity } from "../../util/format.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import type { EvaluationSources } from "../platform.ts";
import {
  type EvaluationCondition,
  evaluationConditions,
  type VariantChoice,
} from "./conditions.ts";
import { type CropKind, cropKinds, usablePhotos } from "./crops.ts";
import { type CommonSettings, pictureName } from "./files.ts";
import { choosePhotos } from "./photo-choice.ts";
import { type EvaluatedModel, modelLabels, type RowChoice } from "./rows.ts";
import {
  isOwnWay,
  type OwnWay,
  parseWay,
  type SamplingWay,
  type SamplingWish,
  samplingOf,
  wayName,
} from "./sampler-settings.ts";

/** What may be asked for; what is left out is as said. */
export interface EvaluationRequest {
  /** Folders or names of bundled models; the bundled model unless given. */
  readonly models?: readonly string[];
  /** Folders of photos. */
  readonly data: readonly string[];
  /** What other programs made of the degraded pictures, by name. */
  readonly others?: readonly OtherAnswers[];
  /**
   * Which photos are held out, as in training. Unless given: what a model's record says if it was
   * trained on these very photos, else "none", which is all of them.
   */
  readonly holdOut?: string;
  /** All tasks that one of the models was trained for unless given. */
  readonly tasks?: readonly string[];
  /**
   * Values of the tasks' parameters (masks, sides, qualities, factors); the paper's unless given.
   */
  readonly variants?: VariantChoice;
  /** "random" (default) or "centre", one square a photo. */
  readonly crop?: CropKind;
  /** Of random crops; default "half..full". */
  readonly cropScale?: CropScale;
  /** Pictures a condition; default 500, or as many as there are photos for "centre". */
  readonly crops?: number;
  /** Pictures in the reference set of random crops; default four times `crops`. */
  readonly referenceCrops?: number;
  /**
   * "20" (each model's own sampler), "ddpm:1000", or "own" (each task as the model's config.json
   * says); the first gives the answers shown. Default "20".
   */
  readonly steps?: readonly string[];
  /** Answers a picture for the first of `steps`, to measure diversity; default 2. */
  readonly samples?: number;
  /** Default 1. */
  readonly seed?: number;
}

/**
 * Pictures that another program made of the degraded ones of an evaluation: `<folder>/<condition>/`
 * holds a picture for each in `pictures/<condition>/degraded/`, of the same name and size.
 * Conditions that it has no folder for have no row of it.
 */
export interface OtherAnswers {
  readonly name: string;
  readonly folder: string;
}

/** The same with the paths of its pictures, by condition. */
export interface FoundAnswers extends OtherAnswers {
  readonly pictures: ReadonlyMap<string, readonly string[]>;
}

export interface EvaluationPlan extends RowChoice {
  /** The photos in words: names of the folders, and the digest of all in them. */
  readonly data: string;
  readonly conditions: readonly EvaluationCondition[];
  readonly others: readonly FoundAnswers[];
  readonly photos: readonly string[];
  readonly common: CommonSettings;
  readonly crop: CropKind;
  readonly crops: number;
  /** 0: the evaluated crops are the reference. */
  readonly referenceCrops: number;
  /** What a reader of the report should know about the choice of photos and models. */
  readonly notes: readonly string[];
}

/**
 * @param onPhoto told how many photos were tried, of all
 * @throws UsageError for impossible wishes; PaletteError for models that do not go together.
 */
export async function resolvePlan(
  request: EvaluationRequest,
  sources: EvaluationSources,
  onPhoto?: (done: number, total: number) => void,
): Promise<EvaluationPlan> {
  const { crop = "random", cropScale = "half..full", seed = 1, samples = 2 } = request;
  checkAmong("crop", crop, cropKinds);
  checkAmong("crop scale", cropScale, cropScales);
  if (crop === "centre" && request.cropScale !== undefined) {
    throw new UsageError("A crop scale goes with random crops, not with centre crops.");
  }
  if (crop === "centre" && request.referenceCrops !== undefined) {
    throw new UsageError(
      "Centre crops are compared with the originals themselves: leave out the reference crops.",
    );
  }
  checkCount("samples", samples, 1);
  const wishes = (request.steps ?? ["20"]).map(parseWay);
  if (wishes.length === 0) throw new UsageError("Name at least one number of steps.");
  const models = await loadModels(request.models ?? [], sources);
  const conditions = evaluationConditions({
    ...omitUndefined({ variants: request.variants }),
    tasks: request.tasks ?? trainedTasks(models),
  });
  const guidances = wishes.map((wish) => (isOwnWay(wish) ? undefined : wish.guidance));
  for (const guidance of guidances)
    for (const { task } of conditions) checkGuidedTask(guidance, task);
  const samplings = new Map(
    models
      .filter(({ config }) => !config.objective.regression)
      .map((model) => [model, uniqueSamplings(model, wishes)]),
  );
  const { resolution } = models[0]!.config.network;
  const collection = await sources.photos(request.data);
  const chosen = choosePhotos(models, collection, request.holdOut);
  const { usable, refused } = await usablePhotos(
    sources.reader,
    chosen.photos,
    resolution,
    (done) => onPhoto?.(done, chosen.photos.length),
  );
  if (usable.length === 0) {
    throw new PaletteError(
      `None of ${quantity(chosen.photos.length, "photo")} can be used: ${refused[0]}`,
    );
  }
  const crops = crop === "centre" ? centred(request.crops, usable.length) : (request.crops ?? 500);
  checkCount("crops", crops, 2);
  const referenceCrops = crop === "centre" ? 0 : (request.referenceCrops ?? 4 * crops);
  if (crop === "random") checkCount("reference crops", referenceCrops, 2);
  const digest = collection.sets.map((set) => set.digest).join("+");
  return {
    models,
    data: `${collection.title} (digest ${digest})`,
    conditions,
    others: await findOthers(request.others ?? [], conditions, crops, sources),
    samplings,
    photos: usable,
    common: {
      format: 1,
      photos: usable.length,
      digest,
      holdOut: chosen.rule,
      crop,
      ...(cropScale !== "half..full" && { cropScale }),
      ...(crops < usable.length && { fewerCropsThanPhotos: true as const }),
      resolution,
      seed,
    },
    crop,
    crops,
    referenceCrops,
    samples,
    notes: [
      ...leftOutNotes(collection.sets.flatMap(({ leftOut = [] }) => leftOut)),
      ...chosen.notes,
      ...refused.map((reason) => `A photo was left out: ${reason}`),
      ...untrained(models, conditions),
    ],
  };
}

async function loadModels(
  names: readonly string[],
  sources: EvaluationSources,
): Promise<EvaluatedModel[]> {
  const models = await sources.models(names);
  const sizes = [...new Set(models.map(({ config }) => config.network.resolution))];
  if (sizes.length > 1) {
    throw new PaletteError(
      `The models see pictures of different sizes (${sizes.join(", ")}): evaluate them apart.`,
    );
  }
  const labels = modelLabels(models);
  return models.map((model, k) => ({
    ...model,
    parameters: parameterCount(parameterSpecs(model.config.network)),
    label: labels[k]!,
  }));
}

/** What one of the models was trained for; all tasks if none says so. */
function trainedTasks(models: readonly EvaluatedModel[]): string[] {
  const names = registeredTasks().map(({ name }) => name);
  const trained = names.filter((name) => models.some(({ config }) => config.tasks.includes(name)));
  return trained.length === 0 ? names : trained;
}

/** Which models have no row where, and which tasks no baseline. */
function untrained(
  models: readonly EvaluatedModel[],
  conditions: readonly EvaluationCondition[],
): string[] {
  const tasks = [...new Set(conditions.map(({ task }) => task.name))];
  const nobodys = tasks.find((task) => !models.some(({ config }) => config.tasks.includes(task)));
  if (nobodys !== undefined) {
    throw new UsageError(`None of the models was trained for ${nobodys}: leave it out of --tasks.`);
  }
  const notes = models.flatMap(({ label, config }) => {
    const missing = tasks.filter((task) => !config.tasks.includes(task));
    return missing.length === 0
      ? []
      : [`${label} was not trained for ${missing.join(", ")} and has no row there.`];
  });
  const baselines = models.filter(({ config }) => config.objective.regression);
  const baseless = tasks.filter(
    (task) => !baselines.some(({ config }) => config.tasks.includes(task)),
  );
  if (baseless.length > 0) {
    notes.push(
      `There is no Regression baseline for ${baseless.join(", ")}: train one with palette train --regression and name it as a further --model.`,
    );
  }
  return notes;
}

function centred(wanted: number | undefined, photos: number): number {
  if (wanted !== undefined && wanted > photos) {
    throw new UsageError(
      `Centre crops are one a photo: ${wanted} were asked for, but there are ${photos}.`,
    );
  }
  return wanted ?? photos;
}

function checkCount(what: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`The ${what} are a whole number of at least ${least}, not ${value}.`);
  }
}

function checkAmong(what: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) {
    throw new UsageError(`There is no ${what} "${value}"; the ${what}s are ${known.join(", ")}.`);
  }
}

/** @throws PaletteError when a degraded picture has no answer of its name. */
async function findOthers(
  others: readonly OtherAnswers[],
  conditions: readonly EvaluationCondition[],
  crops: number,
  { list }: EvaluationSources,
): Promise<FoundAnswers[]> {
  const names = others.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined) {
    throw new UsageError(
      `Two folders of answers are called ${twice}: give each a name of its own.`,
    );
  }
  const find = async ({ name, folder }: OtherAnswers): Promise<FoundAnswers> => {
    const pictures = new Map<string, string[]>();
    for (const { id } of conditions) {
      const place = `${folder}/${id}`;
      const there = await list(place);
      if (there === undefined) continue;
      const wanted = Array.from({ length: crops }, (_, k) => pictureName(k));
      const missing = wanted.find((file) => !there.includes(file));
      if (missing !== undefined) {
        throw new PaletteError(
          `${name} has no picture ${missing} in ${place}: each degraded picture needs an answer of its name.`,
        );
      }
      pictures.set(
        id,
        wanted.map((file) => `${place}/${file}`),
      );
    }
    return { name, folder, pictures };
  };
  return Promise.all(others.map(find));
}

/**
 * "20" and "dpm++:20" may be the same for a model. A model that knows no guidance is sampled
 * without it alone.
 * @throws PaletteError when nothing is left.
 */
function uniqueSamplings(
  { config }: EvaluatedModel,
  wishes: readonly (SamplingWish | OwnWay)[],
): SamplingWay[] {
  const ways = wishes.flatMap((wish): SamplingWay[] => {
    if (isOwnWay(wish)) return [wish];
    const possible = !isGuided(wish.guidance) || knowsGuidance(config);
    return possible ? [samplingOf(wish, config.sampler)] : [];
  });
  if (ways.length === 0) {
    const [first] = wishes;
    checkGuidance(config, isOwnWay(first) ? undefined : first?.guidance);
  }
  return [...new Map(ways.map((one) => [wayName(one), one])).values()];
}

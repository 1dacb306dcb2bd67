/** From what was asked for to what will be evaluated: models, conditions, photos and rows resolved. */
import { basename, resolve } from "node:path";
import { type CropScale, cropScales } from "../data/crop-scale.ts";
import { splitHoldOut } from "../data/hold-out.ts";
import { type ModelConfig, photosTrainedOn } from "../models/config.ts";
import { samplingMemory } from "../models/summary.ts";
import { holdOutRules, overlap } from "../models/train-test-overlap.ts";
import { parameterCount } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { photoFiles } from "../node/codec.ts";
import { modelDigest } from "../node/fingerprint.ts";
import { assertFits } from "../node/memory.ts";
import { findModel, loadModelConfig } from "../node/model-folder.ts";
import { scanPhotoSets } from "../node/photo-folders.ts";
import { tasks as allTasks, taskNamed } from "../tasks/registry.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import {
  type EvaluationCondition,
  evaluationConditions,
  type VariantChoice,
} from "./conditions.ts";
import { type CropKind, cropKinds, usablePhotos } from "./crops.ts";
import type { CommonSettings } from "./evaluation-folder.ts";
import {
  parseSampling,
  type Sampling,
  type SamplingWish,
  samplerName,
  samplingName,
  samplingOf,
} from "./sampler-settings.ts";

/** What may be asked for; what is left out is as said. */
export interface EvaluationRequest {
  /** Folders or names of bundled models; the bundled model unless given. */
  readonly models?: readonly string[];
  /** Folders of photos. */
  readonly data: readonly string[];
  /** What other programs made of the degraded pictures, by name. */
  readonly others?: readonly OtherAnswers[] | undefined;
  /**
   * Which photos are held out, as in training. Unless given: what a model's record says if it was
   * trained on these very photos, else "none", which is all of them.
   */
  readonly holdOut?: string | undefined;
  /** All tasks that one of the models was trained for unless given. */
  readonly tasks?: readonly string[] | undefined;
  /** Values of the tasks' parameters (masks, sides, qualities, factors); the paper's unless given. */
  readonly variants?: VariantChoice;
  /** "random" (default) or "centre", one square a photo. */
  readonly crop?: CropKind | undefined;
  /** Of random crops; default "half..full". */
  readonly cropScale?: CropScale | undefined;
  /** Pictures a condition; default 500, or as many as there are photos for "centre". */
  readonly crops?: number | undefined;
  /** Pictures in the reference set of random crops; default four times `crops`. */
  readonly referenceCrops?: number | undefined;
  /** "20" (each model's own way) or "ddpm:1000"; the first gives the answers shown. Default "20". */
  readonly steps?: readonly string[] | undefined;
  /** Answers a picture for the first of `steps`, to measure diversity; default 2. */
  readonly samples?: number | undefined;
  /** Default 1. */
  readonly seed?: number | undefined;
}

/**
 * Pictures that another program made of the degraded ones of an evaluation: `<folder>/<condition>/` holds
 * a picture for each in `pictures/<condition>/degraded/`, of the same name and size. Conditions that it
 * has no folder for have no row of it.
 */
export interface OtherAnswers {
  readonly name: string;
  readonly folder: string;
}

export interface EvaluatedModel {
  readonly folder: string;
  readonly config: ModelConfig;
  /** Of its two files. */
  readonly digest: string;
  readonly parameters: number;
  /** Its name in tables; different for different models. */
  readonly label: string;
}

/** Answers of one model drawn in one way. */
export interface PlannedRow {
  /** Also its folder's name. */
  readonly id: string;
  readonly label: string;
  readonly model: EvaluatedModel;
  /** The Regression baseline has none. */
  readonly sampling?: Sampling;
  readonly samples: number;
}

export interface EvaluationPlan {
  /** The photos in words: names of the folders, and the digest of all in them. */
  readonly data: string;
  readonly models: readonly EvaluatedModel[];
  readonly conditions: readonly EvaluationCondition[];
  readonly others: readonly OtherAnswers[];
  /** Of each model but the Regression baselines, in the order asked for. */
  readonly samplings: ReadonlyMap<EvaluatedModel, readonly Sampling[]>;
  readonly photos: readonly string[];
  readonly common: CommonSettings;
  readonly crop: CropKind;
  readonly crops: number;
  /** 0: the evaluated crops are the reference. */
  readonly referenceCrops: number;
  readonly samples: number;
  /** What a reader of the report should know about the choice of photos and models. */
  readonly notes: readonly string[];
}

/** @throws UsageError for impossible wishes; PaletteError for models that do not go together. */
export async function planEvaluation(
  request: EvaluationRequest,
  onPhoto?: (done: number, total: number) => void,
): Promise<EvaluationPlan> {
  const crop = request.crop ?? "random";
  const { seed = 1, samples = 2 } = request;
  if (!cropKinds.includes(crop)) {
    throw new UsageError(`There is no crop "${crop}"; the crops are ${cropKinds.join(", ")}.`);
  }
  const { cropScale = "half..full" } = request;
  if (!cropScales.includes(cropScale)) {
    throw new UsageError(
      `There is no crop scale "${cropScale}"; the scales are ${cropScales.join(", ")}.`,
    );
  }
  if (crop === "centre" && request.cropScale !== undefined) {
    throw new UsageError("A crop scale goes with random crops, not with centre crops.");
  }
  checkCount("samples", samples, 1);
  const wishes = (request.steps ?? ["20"]).map(parseSampling);
  if (wishes.length === 0) throw new UsageError("Name at least one number of steps.");
  const models = await loadModels(request.models ?? []);
  const conditions = evaluationConditions({
    ...omitUndefined({ variants: request.variants }),
    tasks: request.tasks ?? trainedTasks(models),
  });
  const samplings = new Map(
    models
      .filter(({ config }) => !config.objective.regression)
      .map((model) => [model, uniqueSamplings(model, wishes)]),
  );
  const { resolution } = models[0]!.config.network;
  const sets = await scanPhotoSets(request.data);
  const digests = sets.map(({ digest }) => digest);
  const held = chooseHoldOut(models, digests, request.holdOut);
  const { train, heldOut } = splitHoldOut(
    sets.map(({ photos }) => photos),
    held.rule,
  );
  const chosen = held.rule === "none" ? train : heldOut;
  if (chosen.length === 0) {
    throw new PaletteError(
      `The hold-out rule ${held.rule} holds out none of the ${train.length} photos; give more photos, or --hold-out none.`,
    );
  }
  const { usable, refused } = await usablePhotos(photoFiles, chosen, resolution, (done) =>
    onPhoto?.(done, chosen.length),
  );
  if (usable.length === 0) {
    throw new PaletteError(`None of the ${chosen.length} photos can be used: ${refused[0]}`);
  }
  const crops = crop === "centre" ? centred(request.crops, usable.length) : (request.crops ?? 500);
  checkCount("crops", crops, 2);
  const referenceCrops = crop === "centre" ? 0 : (request.referenceCrops ?? 4 * crops);
  if (crop === "random") checkCount("reference crops", referenceCrops, 2);
  return {
    models,
    data: `${request.data.map((folder) => basename(resolve(folder))).join(", ")} (digest ${digests.join("+")})`,
    conditions,
    others: checkOthers(request.others ?? []),
    samplings,
    photos: usable,
    common: {
      format: 1,
      photos: usable.length,
      digest: digests.join("+"),
      holdOut: held.rule,
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
      ...held.notes,
      ...refused.map((reason) => `A photo was left out: ${reason}`),
      ...untrained(models, conditions),
    ],
  };
}

/** The rows of a condition: each model trained for its task, drawn in each way. */
export function plannedRows(
  { models, samplings, samples }: EvaluationPlan,
  task: string,
): PlannedRow[] {
  // As soon as there are two ways, of one model or of two, each row says its own.
  const ways = new Set([...samplings.values()].flat().map(samplingName)).size;
  return models
    .filter(({ config }) => config.tasks.includes(task))
    .flatMap((model): PlannedRow[] => {
      const id = `${fileName(model.config.name)}-${model.digest.slice(0, 8)}`;
      const own = samplings.get(model);
      if (own === undefined) return [{ id, label: model.label, model, samples: 1 }];
      return own.map((sampling, k) => ({
        id: `${id}-${samplingName(sampling).replaceAll(":", "-")}`,
        label: ways === 1 ? model.label : `${model.label}, ${inWords(sampling)}`,
        model,
        sampling,
        samples: k === 0 ? samples : 1,
      }));
    });
}

async function loadModels(names: readonly string[]): Promise<EvaluatedModel[]> {
  const folders = await Promise.all((names.length === 0 ? [undefined] : names).map(findModel));
  const loaded = await Promise.all(
    [...new Set(folders)].map(async (folder) => {
      const config = await loadModelConfig(folder);
      assertFits(samplingMemory(config.network), `Sampling with ${config.name}`);
      const digest = await modelDigest(folder);
      const parameters = parameterCount(parameterSpecs(config.network));
      return { folder, config, digest, parameters };
    }),
  );
  const sizes = [...new Set(loaded.map(({ config }) => config.network.resolution))];
  if (sizes.length > 1) {
    throw new PaletteError(
      `The models see pictures of different sizes (${sizes.join(", ")}): evaluate them apart.`,
    );
  }
  const plain = loaded.map(({ config }) => labelOf(config));
  return loaded.map((model, k) => {
    const twins = plain.filter((label) => label === plain[k]).length > 1;
    return { ...model, label: twins ? `${plain[k]} ${model.digest.slice(0, 8)}` : plain[k]! };
  });
}

/** What one of the models was trained for; all tasks if none says so. */
function trainedTasks(models: readonly EvaluatedModel[]): string[] {
  const names = allTasks.map(({ name }) => name as string);
  const trained = names.filter((name) => models.some(({ config }) => config.tasks.includes(name)));
  return trained.length === 0 ? names : trained;
}

function labelOf({ name, objective }: ModelConfig): string {
  return objective.regression ? "Regression" : `Palette (${name})`;
}

/** Which photos are looked at, and what is to be said about it. */
function chooseHoldOut(
  models: readonly EvaluatedModel[],
  digests: readonly string[],
  wanted: string | undefined,
): { rule: string; notes: string[] } {
  const rules = holdOutRules(
    models.flatMap(({ config }) => photosTrainedOn(config)),
    digests,
  );
  if (wanted === undefined && rules.length > 1) {
    throw new UsageError(
      `The trainings of these models held out different ones of these photos (${rules.join(", ")}): name one rule with --hold-out, or evaluate on other photos.`,
    );
  }
  const rule = wanted ?? rules[0] ?? "none";
  const notes = models.flatMap((model): string[] => {
    const records = photosTrainedOn(model.config);
    const known = (what: string) =>
      records.filter((record) => overlap(record, digests, rule) === what);
    if (known("seen").length > 0) return [`${model.label} was trained on some of these photos.`];
    if (wanted !== undefined) return [];
    const trainedWith = new Set(known("unknown").map(({ holdOut }) => holdOut));
    return [...trainedWith].map((each) => unsure(model.label, each, rule));
  });
  return { rule, notes };
}

/** What to say of a model whose record is of other photos, or of these before one was added or lost. */
function unsure(label: string, trainedWith: string, rule: string): string {
  const doubt = `${label} has a record of other photos: if they are these with some added, removed or changed,`;
  if (trainedWith === "none") return `${doubt} it is measured on what it was trained on.`;
  const remedy = trainedWith === rule ? "" : `name --hold-out ${trainedWith} then, and `;
  return `${doubt} it is measured on what it was trained on; ${remedy}keep new photos in a folder of their own, as they shift which ones are held out.`;
}

function untrained(
  models: readonly EvaluatedModel[],
  conditions: readonly EvaluationCondition[],
): string[] {
  const tasks = [...new Set(conditions.map(({ task }) => task.name))];
  const notes = models.flatMap(({ label, config }) => {
    const missing = tasks.filter((task) => !config.tasks.includes(task));
    return missing.length === 0
      ? []
      : [`${label} was not trained for ${missing.join(", ")} and has no row there.`];
  });
  const baseless = tasks.filter(
    (task) =>
      !models.some(({ config }) => config.objective.regression && config.tasks.includes(task)),
  );
  if (baseless.length > 0) {
    notes.push(
      `There is no Regression baseline for ${baseless.join(", ")}: train one with palette train --regression and name it as a further --model.`,
    );
  }
  for (const task of tasks) {
    if (!models.some(({ config }) => config.tasks.includes(task))) {
      throw new UsageError(
        `None of the models was trained for ${taskNamed(task).name}: leave it out of --tasks.`,
      );
    }
  }
  return notes;
}

function centred(wanted: number | undefined, photos: number): number {
  if (wanted !== undefined && wanted > photos) {
    throw new UsageError(
      `Centre crops are one a photo: ${wanted} were asked for, but there are ${photos} photos.`,
    );
  }
  return wanted ?? photos;
}

function checkCount(what: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`The ${what} are a whole number of at least ${least}, not ${value}.`);
  }
}

function checkOthers(others: readonly OtherAnswers[]): readonly OtherAnswers[] {
  const names = others.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined) {
    throw new UsageError(
      `Two folders of answers are called ${twice}: give each a name of its own.`,
    );
  }
  return others;
}

/** "20" and "dpm++:20" may be the same for a model. */
function uniqueSamplings({ config }: EvaluatedModel, wishes: readonly SamplingWish[]): Sampling[] {
  const samplings = wishes.map((wish) => samplingOf(wish, config.sampler));
  return [...new Map(samplings.map((one) => [samplingName(one), one])).values()];
}

function inWords(sampling: Sampling): string {
  return `${samplerName(sampling)} ${sampling.steps} steps`;
}

function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "") || "model";
}

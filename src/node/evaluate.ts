/** Evaluations on folders: models, photos, feature networks and the report are files. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type LeftOut, leftOutNotes } from "../data/photo-reader.ts";
import {
  type EvaluateOptions,
  type Evaluation,
  runEvaluation,
  runShard,
} from "../evaluation/evaluate.ts";
import type { EvaluationModel, EvaluationSources } from "../evaluation/platform.ts";
import {
  type Comparison,
  type ComparisonOptions,
  compareSets,
} from "../evaluation/protocol/compare-sets.ts";
import {
  type EvaluationPlan,
  type EvaluationRequest,
  resolvePlan,
} from "../evaluation/protocol/plan.ts";
import { reportFiles } from "../evaluation/protocol/results.ts";
import { notCalibrated } from "../models/settings/int8.ts";
import { samplingMemory } from "../models/summary.ts";
import { nodeRuntime } from "../runtime/node/index.ts";
import type { SamplingPrecision } from "../runtime/runtime.ts";
import { PaletteError } from "../util/errors.ts";
import type { Shard } from "../util/shard.ts";
import { nodeCodec, photoFiles } from "./codec.ts";
import { openEvaluationFolder } from "./evaluation-folder.ts";
import {
  type ChosenNetworks,
  chooseNetworks,
  type NetworkChoice,
  openFeatureExtractors,
} from "./feature-networks.ts";
import { modelDigest } from "./fingerprint.ts";
import { FolderInUse } from "./folder-lock.ts";
import { findModel, openModel } from "./model-folder.ts";
import { scanPhotoSets, scanPhotos } from "./photo-folders.ts";

export interface FolderEvaluationOptions extends EvaluateOptions, NetworkChoice {
  /** The folder of the evaluation, created or continued. */
  readonly out: string;
  /** The feature networks themselves, instead of looking for them. */
  readonly networks?: ChosenNetworks;
}

export interface FolderEvaluation extends Evaluation {
  /** The paths of the written report. */
  readonly files: { readonly json: string; readonly html: string };
}

export interface FolderEvaluationRequest extends EvaluationRequest {
  /** Each model answers in each; default "float32". */
  readonly precisions?: readonly SamplingPrecision[] | undefined;
}

/**
 * Resolves models, photos and conditions.
 * @param onPhoto told how many photos were tried, of all
 * @throws UsageError for impossible wishes; PaletteError for models that do not go together and for
 * what is missing.
 */
export function planEvaluation(
  request: FolderEvaluationRequest,
  onPhoto?: (done: number, total: number) => void,
): Promise<EvaluationPlan> {
  const { precisions = ["float32"], ...wishes } = request;
  return resolvePlan(wishes, folderSources(precisions), onPhoto);
}

/**
 * Evaluates, continuing what lies in `options.out`.
 * @throws PaletteError when the folder is another evaluation's or a file cannot be written; the
 * signal's reason when aborted, with what was done kept.
 */
export async function evaluate(
  plan: EvaluationPlan,
  options: FolderEvaluationOptions,
): Promise<FolderEvaluation> {
  const { out, threads } = options;
  const chosen = options.networks ?? (await chooseNetworks(options));
  const store = await openEvaluationFolder(out);
  try {
    const found = await runEvaluation(
      plan,
      {
        store,
        codec: nodeCodec,
        photos: photoFiles,
        runtime: nodeRuntime,
        version: await packageVersion(),
        openExtractors: () => openFeatureExtractors(chosen, threads),
      },
      options,
    );
    const { json, html } = reportFiles;
    return { ...found, files: { json: join(out, json), html: join(out, html) } };
  } finally {
    await store.close();
  }
}

/** What a shard left to others. */
export interface ShardOutcome {
  /** Pictures that other shards have not made yet. */
  readonly missing: number;
  /** All are there: why this one does not measure them. */
  readonly measuredBy?: string;
}

/**
 * Makes a shard's part of the pictures in `options.out`, where other shards work too. The one that
 * finds all pictures made evaluates them.
 * @throws as `evaluate`.
 */
export async function evaluateShard(
  plan: EvaluationPlan,
  shard: Shard,
  options: FolderEvaluationOptions,
): Promise<FolderEvaluation | ShardOutcome> {
  const store = await openEvaluationFolder(options.out, { shared: true });
  const platform = { store, codec: nodeCodec, photos: photoFiles, runtime: nodeRuntime };
  const missing = await runShard(plan, platform, shard, options);
  if (missing > 0) return { missing };
  try {
    return await evaluate(plan, options);
  } catch (thrown) {
    // Two have finished at once.
    if (thrown instanceof FolderInUse) return { missing, measuredBy: thrown.message };
    throw thrown;
  }
}

/**
 * FID, KID, IS and PD of two folders of pictures; see `compareSets`.
 * @throws PaletteError when a folder is missing or too small, a picture is broken, or there is no
 * feature network.
 */
export async function compareFolders(
  a: string,
  b: string,
  options: ComparisonOptions & Pick<NetworkChoice, "nets" | "features"> = {},
): Promise<Comparison> {
  const { nets, features: wanted } = options;
  const { features } = await chooseNetworks({ nets, features: wanted });
  if (features === undefined) {
    throw new PaletteError(
      "No feature network was found, and FID, KID, IS and PD need one: palette features list shows how to get it.",
    );
  }
  const sets = [];
  const leftOut: LeftOut[] = [];
  for (const folder of [a, b]) {
    const paths = await scanPhotos([folder], (one) => leftOut.push(one));
    sets.push({ place: resolve(folder), paths });
  }
  const extractors = await openFeatureExtractors({ features });
  try {
    const found = await compareSets(sets[0]!, sets[1]!, extractors, photoFiles, options);
    return { ...found, notes: [...leftOutNotes(leftOut), ...found.notes] };
  } finally {
    await extractors.features?.dispose();
  }
}

const folderSources = (precisions: readonly SamplingPrecision[]): EvaluationSources => ({
  reader: photoFiles,
  async models(names) {
    const folders: string[] = [];
    // One by one: the first that is missing is named.
    for (const name of names.length === 0 ? [undefined] : names) {
      folders.push(await findModel(name));
    }
    const models = await Promise.all([...new Set(folders)].map(evaluationModel));
    return models.flatMap((model) => precisions.map((precision) => inPrecision(model, precision)));
  },
  async photos(folders) {
    const title = folders.map((folder) => basename(resolve(folder))).join(", ");
    return { title, sets: await scanPhotoSets(folders) };
  },
  list: (folder) => readdir(folder).catch(() => undefined),
});

async function evaluationModel(folder: string): Promise<EvaluationModel> {
  const model = await openModel(folder);
  const { name, network } = model.config;
  nodeRuntime.assertFits(samplingMemory(network), `Sampling with ${name}`);
  return { ...model, digest: await modelDigest(folder) };
}

/** In another precision it gives other answers, which must not be taken for these. */
function inPrecision(model: EvaluationModel, precision: SamplingPrecision): EvaluationModel {
  if (precision === "float32") return model;
  if (model.config.int8 === undefined) throw new PaletteError(notCalibrated(model.config.name));
  const digest = createHash("sha256").update(`${model.digest} ${precision}`).digest("hex");
  return { ...model, precision, digest: digest.slice(0, 16) };
}

export async function packageVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

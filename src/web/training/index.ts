/**
 * `palette-diffusion/training` in a browser: models from photos that a person chose, in runs that
 * the browser keeps. Nothing leaves the machine. Call it in a worker, so that the page stays
 * responsive.
 */
import { webRuntime } from "../../runtime/web/index.ts";
import { spawnReplica } from "../../runtime/web/replica.ts";
import { assertTrainingFits } from "../../training/memory.ts";
import type { TrainingOptions, TrainingOutcome } from "../../training/options.ts";
import { resolvePlan, type TrainingPlan, type TrainingSettings } from "../../training/plan.ts";
import type { TrainingPlatform } from "../../training/platform.ts";
import { runTraining } from "../../training/train.ts";
import { type WarmStart, warmStart, warmStartOf } from "../../training/warm-start.ts";
import { UsageError } from "../../util/errors.ts";
import { canvasCodec } from "../canvas-codec.ts";
import { type BrowserModel, fetchModel } from "../model-store.ts";
import { BrowserRun, browserRuns } from "./browser-run.ts";
import { drawText } from "./draw-text.ts";
import { chosenPhotos, fileReader } from "./photo-files.ts";

export * from "../../training/index.ts";
export { BrowserRun, browserRuns, type ModelFiles } from "./browser-run.ts";
export { type ChosenPhotos, chosenPhotos, fileReader } from "./photo-files.ts";

/** What may be asked for; what is left out comes from the preset or is as said. */
export interface TrainingRequest extends Omit<TrainingSettings, "threads"> {
  /** The photos, as a file field or a drop gives them. */
  readonly data: readonly File[];
  /**
   * The address of a model folder, or a model of `fetchModel`, `openModelFiles` or
   * `openStoredModel`. The training begins with its weights, network, prediction and schedules, and
   * has its objective unless told otherwise. Only the first invocation needs it.
   */
  readonly from?: string | BrowserModel;
  /** The run's name in the browser's storage: what a run there began with stays so. */
  readonly out?: string;
  /** As many as the machine has cores unless given. WebGPU is best with 1. */
  readonly threads?: number;
}

/** A plan with the files of its photos. */
export interface BrowserTrainingPlan extends TrainingPlan {
  /** By the paths in `training` and `heldOut`. */
  readonly files: ReadonlyMap<string, Blob>;
}

/** Web Workers, onnxruntime-web, photos among these files. */
export function browserPlatform(files: ReadonlyMap<string, Blob>): TrainingPlatform {
  return {
    runtime: webRuntime,
    reader: fileReader(files),
    codec: { ...canvasCodec, drawText },
    spawn: spawnReplica,
    photoCacheBytes: 256e6,
  };
}

/**
 * What will be trained. The same plan and the same name continue a run.
 * @throws UsageError for impossible settings, PaletteError when there are no photos, the model
 * cannot be fetched or read, or a photo's file is gone.
 */
export async function planTraining(request: TrainingRequest): Promise<BrowserTrainingPlan> {
  const { data, from: named, out, threads = webRuntime.cores, ...settings } = request;
  const earlier = out === undefined ? undefined : await browserRuns.begun(out);
  const from = earlier ? warmStartOf(earlier) : named && (await newStart(named));
  const { set, files } = await chosenPhotos(data);
  const plan = resolvePlan(
    { ...settings, threads },
    { sets: [set], folders: [set.folder], ...(from && { from }), ...(earlier && { earlier }) },
  );
  return { ...plan, files };
}

/**
 * Trains, or continues the training `options.out` in the browser's storage, until a limit is
 * reached or the signal comes. The bytes of a run on "cpu" do not depend on whether it was stopped
 * and continued, nor on whether the page may share memory.
 * @throws PaletteError as `runTraining`, and when the run has other settings, is being trained in
 * another tab, or the browser has no room for it.
 */
export async function train(
  plan: BrowserTrainingPlan,
  options: TrainingOptions & { readonly out: string },
): Promise<TrainingOutcome> {
  assertTrainingFits(plan.config, webRuntime);
  const run = await BrowserRun.open(options.out, plan.config, plan.photos);
  return runTraining(plan, run, browserPlatform(plan.files), options);
}

async function newStart(named: string | BrowserModel): Promise<WarmStart> {
  const model = typeof named === "string" ? await fetchModel(named) : named;
  const { config, weights, digest } = model;
  const name = typeof named === "string" ? named : config.name;
  if (digest === undefined) {
    throw new UsageError(
      `${name} has no digest to be known by: open the page by https or localhost.`,
    );
  }
  return warmStart({
    name,
    source: name,
    config,
    weights,
    digest: async () => digest.slice(0, 16),
  });
}

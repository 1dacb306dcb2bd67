/** `palette-diffusion/training` under Node: models from folders of photos, in run folders. */
import { join, resolve } from "node:path";
import type { PhotoSet } from "../data/photo-reader.ts";
import { nodeRuntime } from "../runtime/node/index.ts";
import { spawnReplica } from "../runtime/node/replica.ts";
import { assertTrainingFits } from "../training/memory.ts";
import type { TrainingOptions, TrainingOutcome } from "../training/options.ts";
import { resolvePlan, type TrainingPlan, type TrainingSettings } from "../training/plan.ts";
import type { TrainingPlatform } from "../training/platform.ts";
import type { Communicator } from "../training/ranks/communicator.ts";
import { followTraining } from "../training/ranks/follower.ts";
import { Leader } from "../training/ranks/leader.ts";
import type { RunConfig } from "../training/run-config.ts";
import { partitionOf } from "../training/step/strategy.ts";
import { runTraining } from "../training/train.ts";
import { type WarmStart, warmStartOf } from "../training/warm-start.ts";
import { UsageError } from "../util/errors.ts";
import { nodeCodec, photoFiles } from "./codec.ts";
import { scanPhotoSets } from "./photo-folders.ts";
import { RunFolder } from "./run-folder.ts";
import { startWith } from "./starting-model.ts";

export * from "../training/index.ts";
export type { Environment } from "../util/environment.ts";
export {
  type AverageOptions,
  type HeldOutOptions,
  type PostHocAverage,
  RunAverages,
} from "./average.ts";
export { calibrated, type FolderCalibrationOptions } from "./calibrate.ts";
export { makeShards, type ShardOptions, type ShardRequest } from "./make-shards.ts";
export { agreeOn } from "./mpi/agree.ts";
export { MpiCommunicator } from "./mpi/communicator.ts";
export { type Launch, launchOf } from "./mpi/launch.ts";
export {
  type ShardFormat,
  type ShardSize,
  type ShardWriteOptions,
  shardFormats,
  type TarShard,
} from "./shard-writer.ts";

/** What may be asked for; what is left out comes from the preset or is as said. */
export interface TrainingRequest extends TrainingSettings {
  /** Folders of photos; tar shards, by their paths or patterns as `train-{000..009}.tar`. */
  readonly data: readonly string[];
  /**
   * A model's folder, or the name of a bundled one. The training begins with its weights, network,
   * prediction and schedules, and has its objective unless told otherwise. Only the first
   * invocation needs it.
   */
  readonly from?: string;
  /** The run folder: what a run there began with stays so. */
  readonly out?: string;
}

/** Worker threads, onnxruntime-node, photos from the file system. */
export const nodePlatform: TrainingPlatform = {
  runtime: nodeRuntime,
  reader: photoFiles,
  codec: nodeCodec,
  spawn: spawnReplica,
};

/**
 * What will be trained. The same plan and the same run folder continue a run.
 * @throws UsageError for impossible settings, PaletteError when a folder holds no photos or there
 * is no such model.
 */
export async function planTraining(request: TrainingRequest): Promise<TrainingPlan> {
  const { data, from: named, out, ...settings } = request;
  if (named !== undefined && out !== undefined) assertNotItsOwn(named, out);
  const earlier = out === undefined ? undefined : await RunFolder.begunIn(out);
  const from = earlier
    ? continued(named, earlier)
    : named === undefined
      ? undefined
      : await startWith(named);
  const sets = await scanPhotoSets(data, { records: true });
  const folderWeights = weightsOf(sets, settings.folderWeights);
  return resolvePlan(
    { ...settings, folderWeights },
    {
      sets,
      folders: data,
      from,
      earlier,
    },
  );
}

/**
 * Trains, or continues the training in the run folder `options.out`, until a limit is reached or
 * the signal comes.
 * @throws PaletteError as `runTraining`, and when the folder is another run's or in use, or memory
 * would not suffice.
 */
export async function train(
  plan: TrainingPlan,
  options: TrainingOptions & { readonly out: string },
): Promise<TrainingOutcome> {
  const { device = "cpu", precision } = options;
  if (precision === "float16" && device === "cpu")
    throw new UsageError("The processor computes in float32: leave out --precision float16.");
  assertTrainingFits(plan.config, nodeRuntime, device);
  const folder = await RunFolder.open(options.out, plan.config, plan.photos);
  return runTraining(plan, folder, nodePlatform, options);
}

/**
 * `train`, on several ranks at once: all call it with the same plan. Rank 0 alone writes the run
 * folder, reports and validates.
 * @returns on rank 0 the outcome, on the others whether rank 0 was content; it says why not
 * @throws PaletteError as `train`; on any rank when the others are gone.
 */
export async function trainTogether(
  plan: TrainingPlan,
  communicator: Communicator,
  options: TrainingOptions & { readonly out: string },
): Promise<TrainingOutcome | boolean> {
  assertTrainingFits(plan.config, nodeRuntime);
  if (communicator.rank > 0) return followTraining(plan, nodePlatform, communicator, options);
  const leader = new Leader(communicator, partitionOf(plan.config.network, communicator));
  let failed = true;
  try {
    const folder = await RunFolder.open(options.out, plan.config, plan.photos);
    const outcome = await runTraining(plan, folder, { ...nodePlatform, leader }, options);
    failed = false;
    return outcome;
  } finally {
    // Where the others are gone, the reason is on its way already.
    await leader.end(failed).catch(() => {});
  }
}

/**
 * The weights by the sets' names.
 * @throws UsageError when shards of one series have different ones.
 */
function weightsOf(
  sets: readonly PhotoSet[],
  weights: TrainingSettings["folderWeights"] = {},
): Record<string, number> {
  const entries = sets.map(({ folder, named = [folder] }): [string, number] => {
    const [weight = 1, other] = new Set(named.map((one) => weights[one] ?? 1));
    if (other === undefined) return [folder, weight];
    throw new UsageError(
      `The shards ${folder} are one set of photos: give them one weight, not ${weight} and ${other}.`,
    );
  });
  return Object.fromEntries(entries);
}

/** @throws UsageError when the run began with another model than the one that is named. */
function continued(named: string | undefined, earlier: RunConfig): WarmStart | undefined {
  const start = warmStartOf(earlier);
  if (named !== undefined && (start === undefined || resolve(named) !== resolve(start.name))) {
    throw new UsageError(
      `The run began with ${start?.name ?? "fresh weights"}: leave out --from to continue it, or choose another --out.`,
    );
  }
  return start;
}

/** @throws UsageError when a run would begin with what it makes itself. */
function assertNotItsOwn(from: string, out: string): void {
  const [model, run] = [resolve(from), resolve(out)];
  if (model !== run && model !== join(run, "model")) return;
  throw new UsageError(
    `${from} is made by the run in ${out}: leave out --from to continue that run, or choose another --out.`,
  );
}

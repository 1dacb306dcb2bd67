/**
 * The paper's evaluation (section 4 and appendix C): every model, the degraded input, the
 * Regression baseline and the originals, in every condition, with the same crops, the same resize
 * and no lossy file in between.
 */
import type { Device } from "../runtime/runtime.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type { Shard } from "../util/shard.ts";
import { disposeExtractors } from "./features/extract-features.ts";
import type { EvaluationPlatform } from "./platform.ts";
import { CropSource } from "./protocol/crops.ts";
import { adoptSettings, RowTimes } from "./protocol/files.ts";
import { type GenerateProgress, generate, missingPictures } from "./protocol/generate.ts";
import { measureAll } from "./protocol/measure-all.ts";
import type { EvaluationPlan } from "./protocol/plan.ts";
import { reportOf, writeReport } from "./protocol/results.ts";
import type { Report, Seconds } from "./report/report.ts";

export interface EvaluateOptions {
  /** Resamples of the photos for the intervals; default 50, 0 for none. */
  readonly replicates?: number;
  /** Where the models run; default "cpu". */
  readonly device?: Device;
  /** Threads of a model's engines together; default: one a core. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Told where the evaluation is. */
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

export type EvaluationProgress = Omit<GenerateProgress, "stage"> & {
  /** "measures": pictures that are looked at. */
  readonly stage: GenerateProgress["stage"] | "measures";
};

export interface Evaluation {
  readonly report: Report;
  readonly seconds: Seconds;
}

/**
 * Evaluates, continuing what lies in the store, and writes the report there.
 * @throws PaletteError when the store holds another evaluation or a file cannot be written; the
 * signal's reason when aborted, with what was done kept.
 */
export async function runEvaluation(
  plan: EvaluationPlan,
  platform: EvaluationPlatform,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { crops, times } = await makePictures(plan, platform, options);
  const { replicates = 50, signal, onProgress } = options;
  const extractors = await platform.openExtractors();
  try {
    const conditions = await measureAll(plan, platform, crops, extractors, {
      replicates,
      signal,
      onProgress: (done, total) => onProgress?.({ stage: "measures", done, total }),
    });
    const { version } = platform;
    const report = reportOf(plan, extractors, conditions, { version, replicates });
    const seconds = await times.perPicture();
    await writeReport(plan, platform, report, seconds);
    return { report, seconds };
  } finally {
    await disposeExtractors(extractors);
  }
}

/** What making pictures takes of the platform. */
export type PicturePlatform = Omit<EvaluationPlatform, "version" | "openExtractors">;

/**
 * Makes a shard's part of the pictures. Shards may do so at the same time in one store: each writes
 * files of its own, and the settings, which are the same.
 * @returns how many pictures of all shards are still missing; without any, the evaluation measures
 * @throws as `runEvaluation`.
 */
export async function runShard(
  plan: EvaluationPlan,
  platform: PicturePlatform,
  shard: Shard,
  options: Omit<EvaluateOptions, "replicates"> = {},
): Promise<number> {
  await makePictures(plan, platform, options, shard);
  return missingPictures(plan, platform.store);
}

async function makePictures(
  plan: EvaluationPlan,
  platform: PicturePlatform,
  { device, threads, signal, onProgress }: EvaluateOptions,
  shard?: Shard,
): Promise<{ crops: CropSource; times: RowTimes }> {
  const { store } = platform;
  await adoptSettings(store, plan.common);
  const times = await RowTimes.open(store, shard?.number);
  const crops = new CropSource({
    reader: platform.photos,
    photos: plan.photos,
    resolution: plan.common.resolution,
    kind: plan.crop,
    ...omitUndefined({ scale: plan.common.cropScale }),
    seed: plan.common.seed,
    counts: { evaluated: plan.crops, reference: plan.referenceCrops },
  });
  const session = omitUndefined({ device, threads });
  const tools = { plan, platform, crops, times, session, ...omitUndefined({ shard }) };
  await generate({ ...tools, ...omitUndefined({ signal, onProgress }) });
  return { crops, times };
}

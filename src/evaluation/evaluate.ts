/**
 * The paper's evaluation (section 4 and appendix C): every model, the degraded input, the Regression
 * baseline and the originals, in every condition, with the same crops, the same resize and no lossy
 * file in between.
 */

import { photoFiles } from "../node/codec.ts";
import {
  type ChosenNetworks,
  chooseNetworks,
  openFeatureExtractors,
} from "../node/feature-networks.ts";
import type { Device } from "../runtime/runtime.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { CropSource } from "./crops.ts";
import { EvaluationFolder } from "./evaluation-folder.ts";
import { disposeExtractors } from "./features/extract-features.ts";
import {
  type AnswerTools,
  callsOf,
  preparedPictures,
  writeAnswers,
  writeDegraded,
  writeOriginals,
} from "./generate.ts";
import { measureAll } from "./measure-all.ts";
import { type EvaluationPlan, plannedRows } from "./plan.ts";
import { type Evaluation, reportOf, writeReport } from "./results.ts";

export interface EvaluationOptions {
  /** The folder of the evaluation, created or continued. */
  readonly out: string;
  /** A folder of feature networks, looked into before the usual ones. */
  readonly nets?: string | undefined;
  /** Names of the networks; see `chooseNetworks`. */
  readonly features?: string | undefined;
  readonly classifier?: string | undefined;
  /** The networks themselves, instead of looking for them. */
  readonly networks?: ChosenNetworks | undefined;
  /** Resamples of the photos for the intervals; default 50, 0 for none. */
  readonly replicates?: number | undefined;
  /** Where the models run; default "cpu". */
  readonly device?: Device | undefined;
  /** Threads of a model's engines together; default: one a core. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told where the evaluation is. */
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
}

export interface EvaluationProgress {
  /** "pictures": the originals and what is degraded; "loading": one model; "answers": network calls. */
  readonly stage: "pictures" | "loading" | "answers" | "measures";
  readonly done: number;
  readonly total: number;
}

/**
 * Evaluates, continuing what lies in `options.out`.
 * @throws PaletteError when the folder is another evaluation's or a file cannot be written; the
 * signal's reason when aborted, with what was done kept.
 */
export async function evaluate(
  plan: EvaluationPlan,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const { signal, onProgress, replicates = 50, nets, features, classifier } = options;
  const chosen = options.networks ?? (await chooseNetworks({ nets, features, classifier }));
  const folder = await EvaluationFolder.open(options.out, plan.common);
  try {
    const crops = new CropSource({
      reader: photoFiles,
      photos: plan.photos,
      resolution: plan.common.resolution,
      kind: plan.crop,
      scale: plan.common.cropScale,
      seed: plan.common.seed,
      counts: { evaluated: plan.crops, reference: plan.referenceCrops },
    });
    const session = omitUndefined({ device: options.device, threads: options.threads });
    await makePictures({ plan, folder, crops, session, signal }, onProgress);
    const extractors = await openFeatureExtractors(chosen);
    try {
      const conditions = await measureAll(plan, folder, crops, extractors, {
        replicates,
        signal,
        onProgress: (done, total) => onProgress?.({ stage: "measures", done, total }),
      });
      const report = await reportOf(plan, extractors, replicates, conditions);
      return await writeReport(plan, folder, report);
    } finally {
      await disposeExtractors(extractors);
    }
  } finally {
    await folder.close();
  }
}

async function makePictures(
  tools: AnswerTools,
  onProgress: EvaluationOptions["onProgress"],
): Promise<void> {
  const { plan } = tools;
  const work = plan.models.map((model) => ({
    model,
    work: plan.conditions.flatMap((condition) =>
      plannedRows(plan, condition.task.name)
        .filter((row) => row.model === model)
        .map((row) => ({ condition, row })),
    ),
  }));
  const total = work
    .flatMap((one) => one.work)
    .reduce((sum, { row }) => sum + callsOf(plan, row), 0);
  let done = 0;
  const onCalls = (calls: number) => {
    done += calls;
    onProgress?.({ stage: "answers", done, total });
  };
  let prepared = 0;
  const onPrepared = () =>
    onProgress?.({ stage: "pictures", done: ++prepared, total: preparedPictures(plan) });
  const onLoading = (loaded: boolean) =>
    onProgress?.({ stage: "loading", done: Number(loaded), total: 1 });
  const all = { ...tools, onPrepared, onLoading, onCalls };
  await writeOriginals(all);
  for (const condition of plan.conditions) await writeDegraded(all, condition);
  for (const one of work) await writeAnswers(all, one.model, one.work);
}

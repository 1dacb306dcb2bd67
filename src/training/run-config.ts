/**
 * What makes a training run the run it is: its config.json. Two commands with the same values train
 * the same weights, byte for byte; how long to train, how often to report and where the run lies
 * are no part of it.
 */
import { z } from "zod";
import { recommendedSampler, samplerConfigSchema } from "../diffusion/samplers/sampler-config.ts";
import { scheduleConfig } from "../diffusion/schedule.ts";
import {
  ancestralQuirks,
  fromRecord,
  type ModelConfig,
  modelFormat,
  originRecord,
} from "../models/config.ts";
import { augmentationSchema } from "../models/settings/augmentation.ts";
import { dataSplitSchema } from "../models/settings/data-split.ts";
import { upgradeFormat1 } from "../models/settings/format-1.ts";
import { objectiveSchema } from "../models/settings/objective.ts";
import { optimizerSchema } from "../models/settings/optimizer.ts";
import { samplingSchema } from "../models/settings/sampling.ts";
import { networkSchema } from "../nn/registry.ts";
import { configDiff } from "../util/config-diff.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { problemIn } from "../util/schema-problem.ts";

export const runConfig = z.strictObject({
  format: z.literal(2),
  preset: z.string(),
  /** The model whose weights it begins with; fresh ones otherwise. */
  from: fromRecord.optional(),
  /** What that model's config.json says of sampling and of where it comes from. */
  sampler: samplerConfigSchema.optional(),
  sampling: samplingSchema.optional(),
  ddpm: ancestralQuirks.optional(),
  origin: originRecord.optional(),
  network: networkSchema,
  objective: objectiveSchema,
  trainingSchedule: scheduleConfig,
  inferenceSchedule: scheduleConfig,
  tasks: z.array(z.string()).min(1),
  /** Shares of the tasks where they are not drawn equally often, see `TaskMix`. */
  mix: z.record(z.string(), z.int().positive()).optional(),
  augmentation: augmentationSchema,
  optimizer: optimizerSchema,
  seed: z.int(),
  photos: dataSplitSchema,
  /** Not compared when a run is resumed. */
  machine: z.strictObject({
    /** Another number rounds differently, so the run uses it until told otherwise. */
    threads: z.int().positive(),
    /** Processes that share each update; 1 where it is left out. */
    ranks: z.int().positive().optional(),
    /** `StepperOptions.recompute`; not where it is left out. */
    recompute: z.boolean().optional(),
    folders: z.array(z.string()),
    /** How `from` was named. */
    from: z.string().optional(),
  }),
});

export type RunConfig = z.infer<typeof runConfig>;

/**
 * The settings in which two runs differ, as "name: old -> new"; empty when they are the same run.
 */
export function differences(
  { machine: _before, ...old }: RunConfig,
  { machine: _after, ...now }: RunConfig,
): string[] {
  return configDiff(old, now);
}

/** The settings that keep a run from going on: its averages may begin later. */
export function conflicts(earlier: RunConfig, now: RunConfig): string[] {
  const { postHocEma } = now.optimizer;
  const before = { ...earlier.optimizer, ...(postHocEma && { postHocEma }) };
  return differences({ ...earlier, optimizer: before }, now);
}

/**
 * Reads the text of a run's config.json, of format 1 too.
 * @param source what to call the file in an error message
 * @throws PaletteError when it is damaged or of another version.
 */
export function parseRunConfig(text: string, source: string): RunConfig {
  const refusal = (reason: string, cause: unknown) =>
    new PaletteError(
      `${source} is not the configuration of a run of this version (${reason}); choose another --out.`,
      { cause },
    );
  let value: unknown;
  try {
    value = upgradeFormat1(JSON.parse(text));
  } catch (thrown) {
    throw refusal(reasonOf(thrown), thrown);
  }
  const { data, error } = runConfig.safeParse(value);
  if (data === undefined) throw refusal(problemIn(runConfig, value, error), error);
  return data;
}

/**
 * What the model folder of a run says about itself. Nothing in it depends on the clock or the
 * machine: equal runs give equal models.
 */
export function trainedModel(
  config: RunConfig,
  { images, steps }: { readonly images: number; readonly steps: number },
): ModelConfig {
  const { network, objective, optimizer, augmentation, photos, tasks, seed } = config;
  return {
    format: modelFormat,
    name: objective.regression ? `${config.preset}-regression` : config.preset,
    network,
    objective,
    trainingSchedule: config.trainingSchedule,
    inferenceSchedule: config.inferenceSchedule,
    tasks,
    ...omitUndefined({ sampler: config.sampler ?? recommendedSampler(objective.prediction) }),
    training: {
      images,
      steps,
      ...omitUndefined({ mix: config.mix, from: config.from }),
      optimizer,
      augmentation,
      data: `${quantity(photos.training, "photo")}, ${photos.heldOut} more held out (${photos.holdOut})`,
      photos,
      seed,
    },
    ...omitUndefined({ sampling: config.sampling, ddpm: config.ddpm, origin: config.origin }),
  };
}

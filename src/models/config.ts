/** What a model's config.json says: all that is needed to use its weights, and their origin. */
import { z } from "zod";
import { variances } from "../diffusion/samplers/ddpm.ts";
import { recommendedSampler, samplerConfigSchema } from "../diffusion/samplers/sampler-config.ts";
import { scheduleConfig } from "../diffusion/schedule.ts";
import type { NetworkConfig } from "../nn/network.ts";
import { networkSchema } from "../nn/registry.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { problemIn } from "../util/schema-problem.ts";
import type { Preset } from "./presets.ts";
import { augmentationSchema } from "./settings/augmentation.ts";
import { dataSplitSchema, type PhotosRecord, photosRecord } from "./settings/data-split.ts";
import { upgradeFormat1 } from "./settings/format-1.ts";
import { int8Schema } from "./settings/int8.ts";
import { modelObjectiveSchema, type Objective } from "./settings/objective.ts";
import { optimizerSchema } from "./settings/optimizer.ts";
import { samplingSchema } from "./settings/sampling.ts";

/** Raised when a model folder can no longer be read by older versions of this package. */
export const modelFormat = 2;

/** The model whose weights a training began with. */
export const fromRecord = z.strictObject({
  name: z.string(),
  /** Of its weights (`modelDigest`). */
  digest: z.string(),
  /** Images it had seen, with those of the models before it. */
  images: z.int().min(0),
  /** Which photos it and the models before it were trained on, as far as recorded. */
  photos: z.array(photosRecord),
});

/** How a model was trained. Further fields are kept as they are. */
export const trainingRecord = z.looseObject({
  /** Images seen, counting repetitions. */
  images: z.int().min(0),
  /** Hours of computing. */
  hours: z.number().min(0).optional(),
  /** How often a task was drawn where another was drawn once; all equally often otherwise. */
  mix: z.record(z.string(), z.int().positive()).optional(),
  /** As far as recorded. */
  optimizer: optimizerSchema.partial().optional(),
  augmentation: augmentationSchema.optional(),
  /** The photos, in words: what they are and how many. */
  data: z.string().optional(),
  photos: dataSplitSchema.partial({ training: true, heldOut: true }).optional(),
  from: fromRecord.optional(),
  seed: z.int().optional(),
  /** The length of the average that the weights are, chosen after the training. */
  averageLength: z.number().positive().optional(),
});

/**
 * The ways of the model's makers to sample with `ddpm` that are not the paper's. Other samplers do
 * not look at them.
 */
export const ancestralQuirks = z.strictObject({
  /** Of a step's added noise: "beta" (1 - alpha_t, the paper's) or "posterior" (beta-tilde). */
  variance: z.enum(variances).default("beta"),
  /** Whether each estimate of the clean picture is clipped to [-1, 1]. */
  clip: z.boolean().default(true),
  /** The start of pictures with a hole: fresh noise (the paper), or the source and its noise. */
  start: z.enum(["noise", "source"]).default("noise"),
  /**
   * Whether as many steps as the inference schedule has visit all of its levels, also those noisier
   * than any in training.
   */
  belowTrained: z.boolean().default(false),
});

/** Where an imported model comes from. Further fields are kept as they are. */
export const originRecord = z.looseObject({
  /** The project whose network it is. */
  project: z.string(),
  /** The file's name. */
  file: z.string(),
  /** What is peculiar to the network or was assumed, a sentence each. */
  notes: z.array(z.string()).optional(),
});

export const modelConfig = z.strictObject({
  format: z.literal(modelFormat),
  name: z.string().min(1),
  network: networkSchema,
  /** What the network's output means and, where recorded, what it was trained for. */
  objective: modelObjectiveSchema,
  trainingSchedule: scheduleConfig,
  inferenceSchedule: scheduleConfig,
  /** Names of the tasks it was trained for. */
  tasks: z.array(z.string()),
  training: trainingRecord.optional(),
  /** How samples are drawn unless another sampler is named; dpm++ where left out. */
  sampler: samplerConfigSchema.optional(),
  /** What was measured of its use. */
  sampling: samplingSchema.optional(),
  /** For sampling in 8 bits. */
  int8: int8Schema.optional(),
  ddpm: ancestralQuirks.optional(),
  origin: originRecord.optional(),
  /** The file that the folder was imported from, which an import may replace as it made it. */
  imported: z.string().optional(),
  /** The day a bundled model was released: of several, the newest is the default. */
  released: z.iso.date().optional(),
});

export type TrainingRecord = z.infer<typeof trainingRecord>;
/** A model's configuration, of any network or of one of a known type. */
export type ModelConfig<N extends NetworkConfig = NetworkConfig> = z.infer<typeof modelConfig> & {
  readonly network: N;
};

/** Images that had a part in a model's weights, counting repetitions. */
export function imagesSeen({ training }: ModelConfig): number {
  return (training?.images ?? 0) + (training?.from?.images ?? 0);
}

/**
 * All photos that had a part in a model's weights, as far as recorded: the latest training first,
 * the photos of several trainings once.
 */
export function photosTrainedOn({ training }: ModelConfig): PhotosRecord[] {
  const latest = training?.photos ? [photosRecord.parse(training.photos)] : [];
  const all = [...latest, ...(training?.from?.photos ?? [])];
  return all.filter((record, k) => all.findIndex((one) => samePhotos(one, record)) === k);
}

function samePhotos(a: PhotosRecord, b: PhotosRecord): boolean {
  return a.holdOut === b.holdOut && a.digests.join() === b.digests.join();
}

/** The config of a model with a preset's network; the Regression baseline predicts y0. */
export function configFromPreset(
  preset: Preset,
  details: Pick<ModelConfig, "tasks"> &
    Partial<Pick<ModelConfig, "name" | "training">> &
    Pick<Partial<Objective>, "regression">,
): ModelConfig {
  const { network, trainingSchedule, inferenceSchedule } = preset;
  const { regression = false, name = preset.name, tasks, training } = details;
  const prediction = regression ? "x0" : preset.objective.prediction;
  return {
    format: modelFormat,
    name,
    network,
    objective: { prediction, ...(regression && { regression }) },
    trainingSchedule,
    inferenceSchedule,
    tasks,
    ...omitUndefined({ sampler: recommendedSampler(prediction), training }),
  };
}

/**
 * Reads the text of a config.json, of format 1 too.
 * @param source what to call the file in an error message
 * @throws PaletteError when it is no JSON, of a newer format, or says something impossible.
 */
export function parseModelConfig(text: string, source: string): ModelConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new PaletteError(`${source} is not valid JSON (${reasonOf(thrown)}); get it again.`);
  }
  // Before all else: a newer file may well be wrong in every other respect.
  const format = z.object({ format: z.number() }).safeParse(value);
  if (format.success && format.data.format > modelFormat) {
    throw new PaletteError(
      `${source} has format ${format.data.format}, newer than this version reads (${modelFormat}); update palette-diffusion.`,
    );
  }
  const upgraded = upgradeFormat1(value);
  const parsed = modelConfig.safeParse(upgraded);
  if (!parsed.success) {
    const problem = problemIn(modelConfig, upgraded, parsed.error);
    throw new PaletteError(`${source} is not a model's configuration (${problem}).`);
  }
  return parsed.data;
}

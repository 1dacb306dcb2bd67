/**
 * What makes a training run the run it is: its config.json. Two commands with the same values train
 * the same weights, byte for byte; how long to train, how often to report and where the run lies are
 * no part of it.
 */
import { z } from "zod";
import { cropScales } from "../data/crop-scale.ts";
import { noiseLevelDistributions } from "../diffusion/noise-level-distribution.ts";
import { predictions, weightings } from "../diffusion/parameterization.ts";
import { samplerConfigSchema } from "../diffusion/samplers/sampler-config.ts";
import { scheduleConfig } from "../diffusion/schedule.ts";
import { ancestralQuirks, fromRecord, originRecord } from "../models/config.ts";
import { uNetConfig } from "../nn/config.ts";
import { losses } from "../nn/loss.ts";
import { configDiff } from "../util/config-diff.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";

export const runConfig = z.strictObject({
  format: z.literal(1),
  preset: z.string(),
  /** The model whose weights it begins with; fresh ones otherwise. */
  from: fromRecord.optional(),
  /** What that model's config.json says of sampling and of where it comes from. */
  sampling: samplerConfigSchema.optional(),
  ddpm: ancestralQuirks.optional(),
  origin: originRecord.optional(),
  network: uNetConfig,
  prediction: z.enum(predictions),
  weighting: z.enum(weightings),
  /** Runs from before there was a choice drew as the paper does. */
  levels: z.enum(noiseLevelDistributions).default("schedule"),
  /** The paper's baseline: no noise, y predicted in one network call. */
  regression: z.boolean(),
  trainingSchedule: scheduleConfig,
  inferenceSchedule: scheduleConfig,
  tasks: z.array(z.string()).min(1),
  /** Shares of the tasks where they are not drawn equally often, see `TaskMix`. */
  mix: z.record(z.string(), z.int().positive()).optional(),
  /** Share of the pictures shown in black and white, see `ExampleSourceOptions`. */
  gray: z.number().gt(0).max(1).optional(),
  /** Whether each crop has another aspect and tone, see `ExampleSourceOptions`; left out where not. */
  vary: z.literal(true).optional(),
  /** Which part of a photo a crop shows; "half..full" in runs from before there was a choice. */
  cropScale: z.enum(cropScales).optional(),
  /** From which JPEG qualities are drawn; left out for the paper's. */
  jpegQuality: z.literal("wide").optional(),
  loss: z.enum(losses),
  /** Images a gradient. */
  batch: z.int().positive(),
  /** Gradients an update. */
  accumulate: z.int().positive(),
  learningRate: z.number().positive(),
  /** Images over which the learning rate rises linearly from 0. */
  warmUpImages: z.int().min(0),
  /** Weight of the old average in the new one, an update; lower at the start (`emaDecayAt`). */
  emaDecay: z.number().min(0).lt(1),
  /** Largest global norm of the gradient; null: never clipped. */
  clip: z.number().positive().nullable(),
  seed: z.int(),
  photos: z.strictObject({
    training: z.int().positive(),
    heldOut: z.int().min(0),
    holdOut: z.string(),
    /** Of each folder's photos, their names and sizes (`photosDigest`), sorted. */
    digests: z.array(z.string()),
    /** How often photos are drawn where not all equally often. */
    weights: z
      .strictObject({
        /** Of a folder's photos, by its digest. */
        folders: z.record(z.string(), z.number().min(0)).optional(),
        files: z.array(z.strictObject({ glob: z.string(), weight: z.number().min(0) })).optional(),
      })
      .optional(),
  }),
  /** Not compared when a run is resumed. */
  machine: z.strictObject({
    /** Another number rounds differently, so the run uses it until told otherwise. */
    threads: z.int().positive(),
    folders: z.array(z.string()),
    /** How `from` was named. */
    from: z.string().optional(),
  }),
});

export type RunConfig = z.infer<typeof runConfig>;

/** Images an update of the weights. */
export function imagesPerUpdate({ batch, accumulate }: RunConfig): number {
  return batch * accumulate;
}

/** Adam's learning rate for the update that ends at `images` images: a linear rise, then constant. */
export function learningRateAt({ learningRate, warmUpImages }: RunConfig, images: number): number {
  return learningRate * (warmUpImages === 0 ? 1 : Math.min(1, images / warmUpImages));
}

/**
 * The average's decay at an update, after `step` updates: min(decay, (1 + step) / (10 + step)), the
 * common ramp (TensorFlow's ExponentialMovingAverage). The average starts as the untrained weights,
 * which it would otherwise remember for some 1 / (1 - decay) updates.
 */
export function emaDecayAt({ emaDecay }: RunConfig, step: number): number {
  return Math.min(emaDecay, (1 + step) / (10 + step));
}

/** The settings in which two runs differ, as "name: old -> new"; empty when they are the same run. */
export function differences(
  { machine: _before, ...old }: RunConfig,
  { machine: _after, ...now }: RunConfig,
): string[] {
  return configDiff(old, now);
}

/**
 * Reads the text of a run's config.json.
 * @param source what to call the file in an error message
 * @throws PaletteError when it is damaged or of another version.
 */
export function parseRunConfig(text: string, source: string): RunConfig {
  try {
    return runConfig.parse(JSON.parse(text));
  } catch (thrown) {
    const [issue] = thrown instanceof z.ZodError ? thrown.issues : [];
    const reason = issue ? `${issue.path.join(".")}: ${issue.message}` : reasonOf(thrown);
    throw new PaletteError(
      `${source} is not the configuration of a run of this version (${reason}); choose another --out.`,
      { cause: thrown },
    );
  }
}

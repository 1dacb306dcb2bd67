/**
 * A study as its file says it: what is varied, with which seeds and budget, how it is evaluated,
 * and the claims that decide about it. The claims are fixed before anything is computed.
 */
import { z } from "zod";
import { cropScales } from "../data/crop-scale.ts";
import { ownWays } from "../evaluation/protocol/sampler-settings.ts";
import { presetNames } from "../models/presets.ts";
import { augmentationSchema } from "../models/settings/augmentation.ts";
import { objectiveSchema } from "../models/settings/objective.ts";
import { optimizerSchema } from "../models/settings/optimizer.ts";
import { PaletteError } from "../util/errors.ts";
import { problemIn } from "../util/schema-problem.ts";
import { metricNames } from "./metrics.ts";

const text = z.string().min(1);

/** Network calls an answer; or each task's sampler, steps and start as the model says, or mean. */
const stepsSetting = z.union([z.int().positive(), z.enum(ownWays)]);

/** Settings of `palette train` by the names of their schemas; what is left out is the preset's. */
const settingsSchema = z.strictObject({
  /**
   * The model whose weights, network and objective a training begins with: a bundled one's name, or
   * a folder; fresh weights where left out.
   */
  from: text.optional(),
  preset: z.enum(presetNames as [string, ...string[]]).optional(),
  /** What is other than in the preset's network. */
  network: z.record(z.string(), z.unknown()).optional(),
  tasks: z.array(text).min(1).optional(),
  mix: z.record(z.string(), z.int().positive()).optional(),
  objective: objectiveSchema.partial().optional(),
  optimizer: optimizerSchema.partial().optional(),
  augmentation: augmentationSchema.partial().optional(),
  /** Budget: images seen in training. */
  images: z.int().positive().optional(),
  /**
   * As in `palette evaluate --steps`, without the steps: "ddpm", "dpm++:logsnr"; the model's own.
   */
  sampler: text.optional(),
  steps: stepsSetting.optional(),
});

export type StudySettings = z.infer<typeof settingsSchema>;

const evaluationSchema = z.strictObject({
  tasks: z.array(text).min(1),
  /**
   * Values of the tasks' parameters (masks, sides, qualities, factors); the paper's where left out.
   */
  variants: z.record(z.string(), z.array(z.union([z.string(), z.number()])).min(1)).optional(),
  /** Held-out crops a condition; several a photo. */
  crops: z.int().min(2),
  /** Crops of the reference set of FID and KID. */
  referenceCrops: z.int().min(2),
  cropScale: z.enum(cropScales).default("half..full"),
  /** Which photos are held out of training, and evaluated. */
  holdOut: text.default("every:7:1"),
  /** Of arms that do not say theirs. */
  sampler: text.optional(),
  steps: stepsSetting.default(20),
  /** Answers a picture; two or more measure diversity. */
  samples: z.int().min(1).max(16).default(1),
  /** FID takes some 15 seconds a set of 2,000 crops, and is left out where it is false. */
  fid: z.boolean().default(true),
  /** Of crops and answers. */
  seed: z.int().min(0).default(1),
  /** Resamples of the photos for the intervals. */
  replicates: z.int().min(10).max(2000).default(200),
});

const comparisonSchema = z
  .strictObject({
    /** What holds if it comes out as expected. */
    says: text,
    metric: z.enum(metricNames),
    /** Two arms. */
    of: text,
    against: text,
    /** Conditions; all that both arms have where left out. */
    on: z.array(text).min(1).optional(),
    /** `of` minus `against`, or divided by it. */
    as: z.enum(["difference", "ratio"]).default("difference"),
    expect: z.enum(["lower", "higher", "equal"]),
    /** Tolerance: of "lower" and "higher" how much worse still counts, of "equal" how far apart. */
    margin: z.number().min(0).default(0),
  })
  .refine(({ expect, margin }) => expect !== "equal" || margin > 0, {
    error: "must be above 0 where equality is expected",
    path: ["margin"],
  });

export type Comparison = z.infer<typeof comparisonSchema>;

const levelsSchema = z
  .record(text, settingsSchema)
  .refine((levels) => Object.keys(levels).length > 0, "must have at least one level");

const studySchema = z.strictObject({
  format: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "must be of small letters, digits and hyphens"),
  title: text,
  /** What the paper says, where the study is one of the paper's. */
  paper: text.optional(),
  /** Of all arms, unless a level says otherwise. */
  train: settingsSchema.required({ images: true }),
  seeds: z.array(z.int().min(0)).min(1),
  /** Each combination of levels is an arm; a level is settings. */
  factors: z
    .record(text, levelsSchema)
    .refine((factors) => Object.keys(factors).length > 0, "must have at least one factor"),
  evaluate: evaluationSchema,
  /** They decide: the direction holds if all of them do. */
  claims: z.array(comparisonSchema).min(1),
  /** Comparisons that are shown besides and decide nothing. */
  shown: z.array(comparisonSchema).default([]),
  /** What `--small` puts in place of the above; null in place of a level takes it away. */
  small: z.record(z.string(), z.unknown()).optional(),
});

export type Study = Omit<z.infer<typeof studySchema>, "small">;

/** A study's file: the place of a setting in it, for messages. */
export interface StudySource {
  /** Its path. */
  readonly file: string;
  readonly value: unknown;
  /** The line of a setting, from 1; undefined where there is none. */
  readonly lineOf?: (path: readonly PropertyKey[]) => number | undefined;
}

/**
 * Reads a study, whole or in its small form.
 * @throws PaletteError naming the file, the line and the setting that is wrong.
 */
export function parseStudy({ file, value, lineOf }: StudySource, small = false): Study {
  const refuse = (found: unknown, error: z.ZodError): never => {
    const [issue] = error.issues;
    const extra = issue?.code === "unrecognized_keys" ? [issue.keys[0]!] : [];
    const path = [...(issue?.path ?? []), ...extra];
    const line = nearestLine(path, small, lineOf);
    const place = line === undefined ? file : `${file}, line ${line}`;
    throw new PaletteError(`${place}: ${problemIn(studySchema, found, error)}.`);
  };
  const whole = studySchema.safeParse(value);
  if (!whole.success) return refuse(value, whole.error);
  const { small: changes, ...study } = whole.data;
  if (!small) return study;
  if (changes === undefined) {
    throw new PaletteError(`${file} has no small form: add "small:" with what it changes.`);
  }
  const together = merge(study, changes);
  const merged = { ...together, factors: withoutNulls(together.factors) };
  const parsed = studySchema.safeParse(merged);
  if (!parsed.success) return refuse(merged, parsed.error);
  const { small: _, ...smaller } = parsed.data;
  return smaller;
}

/** The line of a setting, or of the one around it that is there. */
function nearestLine(
  path: readonly PropertyKey[],
  small: boolean,
  lineOf: StudySource["lineOf"],
): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length);
    const line = (small ? lineOf?.(["small", ...part]) : undefined) ?? lineOf?.(part);
    if (line !== undefined) return line;
  }
  return undefined;
}

/** `over` on top of `base`: objects are merged, anything else takes the place of what was there. */
export function merge<T>(base: T, over: unknown): T {
  if (!isObject(base) || !isObject(over)) return (over === undefined ? base : over) as T;
  const names = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  return Object.fromEntries(names.map((name) => [name, merge(base[name], over[name])])) as T;
}

/** Without the levels and factors that the small form sets to null. */
function withoutNulls(factors: unknown): unknown {
  if (!isObject(factors)) return factors;
  const kept = Object.entries(factors).filter(([, one]) => one !== null);
  return Object.fromEntries(
    kept.map(([name, levels]) => [
      name,
      isObject(levels)
        ? Object.fromEntries(Object.entries(levels).filter(([, level]) => level !== null))
        : levels,
    ]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What decides about a study's outcome: all but its words. */
export function analysisOf({ title: _, paper: __, ...analysis }: Study): object {
  return analysis;
}

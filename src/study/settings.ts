/**
 * What a study is, fixed when it is made: in `study.json` before, in `pairs.json` after its
 * pictures.
 */
import { z } from "zod";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";

const count = (least: number) => z.int().min(least);

/** `study.json`: what was asked for. Whoever makes the study again finds the same. */
export const studySettingsSchema = z.strictObject({
  format: z.literal(1),
  /** Shown to subjects; the question unless given. */
  title: z.string().min(1).max(200).optional(),
  /** Instead of the page's own text. */
  consent: z.string().max(20_000).optional(),
  models: z.array(z.string()),
  tasks: z.array(z.string()).optional(),
  variants: z.record(z.string(), z.array(z.union([z.string(), z.number()]))).optional(),
  steps: z.string(),
  holdOut: z.string().optional(),
  seed: count(0),
  /** Photos, each with the answer of every model in every condition. */
  pairs: count(1),
  /** How many are planned, and how many pairs each of them sees. */
  subjects: count(1),
  trials: count(1),
  practice: count(0),
  checks: count(0),
  /** A subject who fails more checks is left out. */
  failuresAllowed: count(0),
  /** How long a pair is shown, and before it what was degraded; 0 for not at all. */
  seconds: z.number().min(0.2).max(60),
  inputSeconds: z.number().min(0).max(60),
  /** The side at which pictures are shown, in pixels; a multiple of the models' unless given. */
  side: z.int().min(16).max(2048).optional(),
});

export type StudySettings = z.infer<typeof studySettingsSchema>;

export const studyDefaults = {
  steps: "20",
  seed: 1,
  ...{ pairs: 100, subjects: 50, trials: 50, practice: 3, checks: 5, failuresAllowed: 1 },
  ...{ seconds: 3, inputSeconds: 0 },
} as const;

/** The two sheets of a pair by their digests: with the camera's picture on the left, and right. */
const sheetsSchema = z.strictObject({ left: z.string(), right: z.string() });

const cellSchema = z.strictObject({
  /** Of the degradation: "colorize", "uncrop-right"; its task; in words. */
  condition: z.string(),
  task: z.string(),
  title: z.string(),
  /** The model as in tables, and the folder of its answers. */
  model: z.string(),
  row: z.string(),
});

/** A model in a condition: what a fool rate is given for. */
export type StudyCell = z.infer<typeof cellSchema>;

/** `pairs.json`: what was made. */
export const studyPairsSchema = z.strictObject({
  /** Of the settings and all sheets. */
  digest: z.string(),
  /** The photos in words, with the digest of all in their folders. */
  data: z.string(),
  /** Of a picture, in pixels, as shown and as the models saw it. */
  side: count(1),
  resolution: count(1),
  /** Every sheet is sent with so many bytes. */
  sheetBytes: count(1),
  cells: z.array(cellSchema),
  /** Names of files, for the report. */
  photos: z.array(z.string()),
  /** Of photo p and cell c: number p * cells + c. */
  pairs: z.array(sheetsSchema),
  practice: z.array(sheetsSchema),
  checks: z.array(sheetsSchema),
  notes: z.array(z.string()),
});

export type StudyPairs = z.infer<typeof studyPairsSchema>;
export type Sheets = z.infer<typeof sheetsSchema>;

export interface Study {
  readonly settings: StudySettings;
  readonly made: StudyPairs;
}

export const studyFiles = {
  settings: "study.json",
  pairs: "pairs.json",
  votes: "votes.db",
  sheet: (digest: string) => `sheets/${digest}.png`,
} as const;

/** @throws PaletteError naming what is wrong with the file */
export function parseStudyFile<T>(schema: z.ZodType<T>, text: string, file: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (thrown) {
    throw new PaletteError(`${file} is not a study's (${reasonOf(thrown)}); make the study anew.`, {
      cause: thrown,
    });
  }
}

/** @throws UsageError for counts that do not go together */
export function checkSettings({ pairs, trials, checks, failuresAllowed }: StudySettings): void {
  if (trials > pairs) {
    throw new UsageError(
      `A subject sees no photo twice: ${trials} of ${pairs} pairs are too many; lower --trials or raise --pairs.`,
    );
  }
  if (checks > 0 && failuresAllowed >= checks) {
    throw new UsageError(
      `With ${failuresAllowed} of ${checks} checks failed nobody would be left out; lower --failures-allowed.`,
    );
  }
}

/** Photos that a study takes: one for each pair, practice trial and check. */
export function photosNeeded({ pairs, practice, checks }: StudySettings): number {
  return pairs + practice + checks;
}

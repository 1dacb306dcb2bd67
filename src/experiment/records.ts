/**
 * What an experiment's folder keeps of the studies' files: the analysis as it was before the first
 * result, and what was changed afterwards.
 */
import { z } from "zod";
import { configDiff } from "../util/config-diff.ts";
import { PaletteError } from "../util/errors.ts";
import type { AnalysisChange } from "./report.ts";
import { analysisOf, type Study } from "./study-file.ts";

export const experimentFile = "experiment.json";
export const experimentFormat = "palette experiment 1";

const recordSchema = z.strictObject({
  /** As in the study's file, without its words. */
  analysis: z.record(z.string(), z.unknown()),
  changes: z.array(z.strictObject({ after: z.int(), of: z.int(), what: z.array(z.string()) })),
});

const recordsSchema = z.strictObject({
  format: z.literal(experimentFormat),
  studies: z.record(z.string(), recordSchema),
});

export type ExperimentRecords = z.infer<typeof recordsSchema>;

/** @throws PaletteError when the file is damaged. */
export function parseRecords(text: string | undefined, place: string): ExperimentRecords {
  if (text === undefined) return { format: experimentFormat, studies: {} };
  try {
    return recordsSchema.parse(JSON.parse(text));
  } catch (thrown) {
    throw new PaletteError(`${place} is damaged: choose another -o.`, { cause: thrown });
  }
}

export interface AdoptOptions {
  /** How many of the study's measurements are there, of all. */
  readonly measured: { readonly done: number; readonly of: number };
  /** Whether a change after results is taken and marked, instead of refused. */
  readonly acceptChanges: boolean;
}

/**
 * Records a study's analysis. Before the first result it may change freely.
 * @throws PaletteError naming what was changed after results were there.
 */
export function adoptStudy(
  records: ExperimentRecords,
  study: Study,
  { measured, acceptChanges }: AdoptOptions,
): ExperimentRecords {
  const analysis = JSON.parse(JSON.stringify(analysisOf(study))) as Record<string, unknown>;
  const known = records.studies[study.name];
  const what = known === undefined ? [] : configDiff(flat(known.analysis), flat(analysis));
  if (known !== undefined && what.length === 0) return records;
  const untouched = known === undefined || (measured.done === 0 && known.changes.length === 0);
  if (!untouched && !acceptChanges) {
    throw new PaletteError(
      `The study ${study.name} was changed after ${measured.done} of ${measured.of} measurements (${what.join("; ")}): undo that, choose another -o, or mark the change on the page by --accept-changes.`,
    );
  }
  const change: AnalysisChange = { after: measured.done, of: measured.of, what };
  const changes = untouched ? [] : [...known.changes, { ...change, what: [...what] }];
  return { ...records, studies: { ...records.studies, [study.name]: { analysis, changes } } };
}

/** Lists of claims as objects, so that a difference names the claim and the field. */
function flat(value: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === "claims" || name === "shown" ? { ...(one as object[]) } : one,
    ]),
  );
}

/**
 * What the studies found, as plain values: the file `report.json`, from which the pages are made.
 */
import { quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { type Effect, effectOf } from "./effect.ts";
import { type Measures, type MetricName, metricNames } from "./metrics.ts";
import { cellKey, type ExperimentPlan, type PlannedStudy } from "./planned.ts";
import type { Comparison, Study } from "./study-file.ts";
import {
  type Compared,
  type ComparedRow,
  type Outcome,
  outcomeOf,
  sentenceOf,
  together,
} from "./verdict.ts";

export interface ArmReport {
  readonly name: string;
  /** The level of each factor; of what is degraded and of the originals none. */
  readonly levels: Readonly<Record<string, string>>;
  readonly kind: "degraded" | "arm" | "originals";
  /** Images of training. */
  readonly images?: number;
  /** By condition and metric. */
  readonly values: Readonly<Record<string, Partial<Record<MetricName, Effect>>>>;
}

export interface StudyReport {
  readonly name: string;
  readonly title: string;
  /** What the paper says, of a study of the paper's. */
  readonly paper?: string;
  readonly factors: readonly string[];
  readonly seeds: number;
  readonly crops: number;
  readonly referenceCrops: number;
  readonly photos: number;
  /** Those that it asks for; one may be missing where nothing could measure it. */
  readonly metrics: readonly MetricName[];
  readonly conditions: readonly { readonly id: string; readonly title: string }[];
  readonly arms: readonly ArmReport[];
  readonly claims: readonly Compared[];
  readonly shown: readonly Compared[];
  /** Absent while something is missing. */
  readonly outcome?: Outcome;
  /** One sentence. */
  readonly sentence: string;
  /** How many of its trainings and measurements are there. */
  readonly done: Record<"trainings" | "sets", { readonly done: number; readonly of: number }>;
  /** Changes of the analysis after results were there, oldest first. */
  readonly changes: readonly AnalysisChange[];
}

/** That a study's file was changed when so many of its sets were measured. */
export interface AnalysisChange {
  readonly after: number;
  readonly of: number;
  readonly what: readonly string[];
}

export interface ExperimentReport {
  readonly format: "palette studies 1";
  readonly version: string;
  /** The photos in words. */
  readonly data: string;
  readonly features?: string;
  /** Of all trainings and answers, summed over the processes that made them. */
  readonly hours: { readonly training: number; readonly answering: number };
  readonly studies: readonly StudyReport[];
}

/** What is there: which trainings, what was measured of which sets, which analyses were changed. */
export interface Findings {
  readonly trainings: ReadonlySet<string>;
  readonly measures: ReadonlyMap<string, Measures>;
  readonly changes: ReadonlyMap<string, readonly AnalysisChange[]>;
}

export function studyReports(plan: ExperimentPlan, findings: Findings): StudyReport[] {
  return plan.studies.map((study) => studyReport(study, findings));
}

function studyReport(
  planned: PlannedStudy,
  { trainings, measures, changes }: Findings,
): StudyReport {
  const { study, protocol, arms, conditions, cells, degraded, originals } = planned;
  const photos = Math.min(protocol.photos.length, protocol.crops);
  const asked = metricNames.filter((metric) => asksFor(study, metric));
  /** Of each seed; undefined while one is missing. */
  const measured = (keys: readonly string[] = []): Measures[] | undefined => {
    const found = keys.flatMap((key) => measures.get(key) ?? []);
    return keys.length > 0 && found.length === keys.length ? found : undefined;
  };
  const valuesOf = (keys: readonly string[] | undefined) => {
    const all = measured(keys);
    if (all === undefined) return undefined;
    const each = asked.flatMap((metric) => {
      const pairs = all.flatMap((one) => (one[metric] ? [{ of: one[metric] }] : []));
      const effect = pairs.length === all.length && effectOf(pairs, "difference", photos);
      return effect ? [[metric, effect] as const] : [];
    });
    return Object.fromEntries(each);
  };
  const byCondition = (keysOf: (condition: string) => readonly string[] | undefined) =>
    Object.fromEntries(
      conditions.flatMap(({ id }) => {
        const values = valuesOf(keysOf(id));
        return values === undefined ? [] : [[id, values] as const];
      }),
    );
  const compare = (comparison: Comparison): Compared => {
    const { of, against, metric, as, on } = comparison;
    const rows = conditions
      .filter(({ id }) => on?.includes(id) ?? true)
      .flatMap(({ id, title }): ComparedRow[] => {
        const both = [of, against].map((arm) => measured(cells.get(cellKey(arm, id))));
        const [ours, theirs] = both.map((all) => all?.map((one) => one[metric]));
        if (!ours || !theirs) return [];
        const pairs = ours.flatMap((one, k) => {
          const other = theirs[k];
          return one && other ? [{ of: one, against: other }] : [];
        });
        if (pairs.length < ours.length) return [];
        const effect = effectOf(pairs, as, photos);
        return [{ title, effect, outcome: outcomeOf(effect, comparison) }];
      });
    return { comparison, rows, outcome: together(rows.map(({ outcome }) => outcome)) };
  };
  const claims = study.claims.map(compare);
  const needed = [...new Set([originals, ...degraded.values(), ...[...cells.values()].flat()])];
  const done = {
    trainings: {
      done: planned.trainings.filter((id) => trainings.has(id)).length,
      of: planned.trainings.length,
    },
    sets: { done: needed.filter((key) => measures.has(key)).length, of: needed.length },
  };
  const complete = done.sets.done === done.sets.of;
  const outcome = together(claims.map((claim) => claim.outcome));
  return {
    ...{ name: study.name, title: study.title, ...omitUndefined({ paper: study.paper }) },
    factors: Object.keys(study.factors),
    seeds: study.seeds.length,
    ...{ crops: protocol.crops, referenceCrops: protocol.referenceCrops, photos },
    metrics: asked,
    conditions: conditions.map(({ id, title }) => ({ id, title })),
    arms: [
      {
        ...{ name: "Degraded input", levels: {}, kind: "degraded" },
        values: byCondition((id) => [degraded.get(id)!]),
      },
      ...arms.map(
        ({ name, levels, settings }): ArmReport => ({
          ...{ name, levels, kind: "arm", images: settings.images },
          values: byCondition((id) => cells.get(cellKey(name, id))),
        }),
      ),
      {
        ...{ name: "Originals", levels: {}, kind: "originals" },
        values: byCondition(() => [originals]),
      },
    ],
    claims,
    shown: study.shown.map(compare),
    ...(complete && { outcome }),
    sentence: complete
      ? sentenceOf(
          claims,
          study.paper === undefined ? "What was expected" : "The paper's direction",
        )
      : `Not finished: ${countsOf(done)} are there, so nothing is said yet.`,
    done,
    changes: changes.get(study.name) ?? [],
  };
}

/** "3 of 4 trainings and 7 of 9 measurements". */
export function countsOf({ trainings, sets }: StudyReport["done"]): string {
  const training = quantity(trainings.of, "training");
  return `${trainings.done} of ${training} and ${sets.done} of ${quantity(sets.of, "measurement")}`;
}

/** What other studies measured of the same sets is not shown. */
function asksFor({ evaluate: { fid, samples } }: Study, metric: MetricName): boolean {
  if (metric === "fid") return fid;
  return (metric !== "similarity" && metric !== "spread") || samples > 1;
}

/** The tables of a study, as text cells: the pages write them. */
import { counted, quantity } from "../util/format.ts";
import type { Effect } from "./effect.ts";
import { type MetricName, metrics } from "./metrics.ts";
import { countsOf, type StudyReport } from "./report.ts";
import {
  type Compared,
  effectText,
  expectation,
  type Outcome,
  shownExpectation,
} from "./verdict.ts";

export interface TextTable {
  readonly caption: string;
  /** The first heads the rows' names. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What was measured, a row an arm and a block of rows a condition. */
export function measureTable(study: StudyReport): TextTable {
  const present = (metric: MetricName) =>
    study.arms.some(({ values }) => Object.values(values).some((one) => one[metric]));
  const columns = study.metrics.filter(present);
  const rows = study.conditions.flatMap(({ id, title }) =>
    study.arms.flatMap(({ name, images, values }) => {
      const found = values[id];
      if (found === undefined) return [];
      const trained = images === undefined ? "" : counted(images);
      return [[title, name, trained, ...columns.map((metric) => cell(found[metric], metric))]];
    }),
  );
  return {
    caption: `${study.title}: means over the seeds, ± half of the 95 % interval`,
    columns: [
      ...["condition", "arm", "images trained"],
      ...columns.map((metric) => metrics[metric].heading),
    ],
    rows,
  };
}

const outcomes: Readonly<Record<Outcome, string>> = {
  holds: "holds",
  fails: "does not hold",
  open: "cannot be told",
};

/** The comparisons with their intervals and what follows; those that decide come first. */
export function comparisonTable({ title, claims, shown }: StudyReport): TextTable {
  const rows = (decides: boolean) => (one: Compared) =>
    one.rows.map((row) => {
      const { comparison } = one;
      const { as, metric, of, against } = comparison;
      return [
        `${comparison.says}${decides ? "" : " (decides nothing)"}`,
        row.title,
        `${metrics[metric].word}: ${of} ${as === "ratio" ? "/" : "−"} ${against}`,
        effectText(row.effect, comparison),
        expectation(shownExpectation(comparison)),
        outcomes[row.outcome],
      ];
    });
  return {
    caption: `${title}: comparisons`,
    columns: ["claim", "condition", "compared", "found", "expected", "outcome"],
    rows: [...claims.flatMap(rows(true)), ...shown.flatMap(rows(false))],
  };
}

function cell(effect: Effect | undefined, metric: MetricName): string {
  if (effect === undefined) return "";
  const { decimals, factor } = metrics[metric];
  const number = (value: number) => (value * factor).toFixed(decimals).replace(/^-/, "−");
  const { value, high } = effect;
  return high === undefined ? number(value) : `${number(value)} ± ${number(high - value)}`;
}

/** How it was measured, in sentences. */
export function methodOf(study: StudyReport): string[] {
  const { seeds, crops, photos, referenceCrops, done, changes } = study;
  const trained = study.arms.flatMap(({ images }) => images ?? []);
  const [least, most] = [Math.min(...trained), Math.max(...trained)];
  const budget = least === most ? counted(most) : `${counted(least)} to ${counted(most)}`;
  return [
    `${quantity(seeds, "seed")}, ${budget} images a training; ${counted(crops)} held-out crops of ${counted(photos)} photos a condition, compared with ${counted(referenceCrops)} other crops of them. ${countsOf(done)} are there.`,
    ...changes.map(
      ({ after, of, what }) =>
        `**The analysis was changed after ${after} of ${of} measurements** (${what.join("; ")}).`,
    ),
  ];
}

/** Of all studies. */
export const methodOfAll = [
  "All studies that were run are here. Each file fixes its claims before the first result; the folder of the results keeps that, and a change afterwards is refused or marked.",
  "Intervals are for other seeds and other photos: the variance over resamples of whole photos (the same for both arms, so differences are paired) and the variance between seeds are added, with Student's t by Satterthwaite's degrees of freedom. With two seeds they are long where the seeds differ; in simulations they hold the truth in 87 to 96 % of such studies.",
  "A claim holds where its whole interval is on the expected side, does not where all of it is on the other, and cannot be told otherwise. A study's direction holds if all of its claims do in all their conditions.",
];

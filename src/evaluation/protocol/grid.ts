/** Some pictures of a condition side by side: input, baseline, answers, original. */
import type { TextRasterizer } from "../../image/codec.ts";
import { contactSheet } from "../../image/contact-sheet.ts";
import type { Image } from "../../image/image.ts";
import type { EvaluationPlatform } from "../platform.ts";
import type { Grid } from "../report/report.ts";
import type { EvaluationCondition } from "./conditions.ts";
import { pictureFile, readPicture } from "./files.ts";
import { answerFiles, inputRow, originalsRow } from "./generate.ts";
import type { EvaluationPlan } from "./plan.ts";
import { type PlannedRow, plannedRows } from "./rows.ts";

const shownCrops = 6;

/** Crops evenly spread over all of them; of each model the first way of sampling. */
export async function gridOf(
  plan: EvaluationPlan,
  { store, codec }: EvaluationPlatform,
  condition: EvaluationCondition,
): Promise<Grid> {
  const rows = plannedRows(plan, condition);
  const first = rows.filter((row, k) => rows.findIndex((other) => other.model === row.model) === k);
  const rank = ({ model }: PlannedRow) => (model.config.objective.regression ? 0 : 1);
  first.sort((a, b) => rank(a) - rank(b));
  const headings = [
    "input",
    ...first.flatMap(({ model, samples }) =>
      Array.from({ length: samples }, (_, k) =>
        samples === 1 ? model.label : `${model.label}, ${k + 1}`,
      ),
    ),
    "original",
  ];
  const count = Math.min(shownCrops, plan.crops);
  const pictures: Image[][] = [];
  for (let k = 0; k < count; k++) {
    const index = Math.floor((k * plan.crops) / count);
    const names = [
      pictureFile(condition.id, inputRow, index),
      ...first.flatMap((row) => answerFiles(condition, row, index)),
      pictureFile(originalsRow, originalsRow, index),
    ];
    pictures.push(await Promise.all(names.map((name) => readPicture(store, codec, name))));
  }
  return { condition: condition.id, headings, rows: pictures };
}

/** The grid as one picture, its pixels doubled. */
export function gridImage({ headings, rows }: Grid, text: TextRasterizer): Promise<Image> {
  return contactSheet(
    rows.map((images) => ({ images })),
    text,
    { headings, scale: 2 },
  );
}

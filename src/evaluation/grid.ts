/** Some pictures of a condition side by side: input, baseline, answers, truth. */

import { contactSheet } from "../image/contact-sheet.ts";
import type { Image } from "../image/image.ts";
import type { ModelConfig } from "../models/config.ts";
import { nodeCodec } from "../node/codec.ts";
import { readImage } from "../node/decode-image.ts";
import type { EvaluationCondition } from "./conditions.ts";
import type { EvaluationFolder } from "./evaluation-folder.ts";
import { inputRow, originalsRow, pathsOf } from "./generate.ts";
import { type EvaluationPlan, plannedRows } from "./plan.ts";
import type { Grid } from "./report/report.ts";

const shownCrops = 6;

/** Whether a row is of the regression baseline. */
function isRegression({ model }: { readonly model: { readonly config: ModelConfig } }): boolean {
  return model.config.objective.regression === true;
}

/** Crops evenly spread over all of them; of each model the first way of sampling. */
export async function gridOf(
  plan: EvaluationPlan,
  folder: EvaluationFolder,
  condition: EvaluationCondition,
): Promise<Grid> {
  const rows = plannedRows(plan, condition.task.name);
  const first = rows.filter((row, k) => rows.findIndex((other) => other.model === row.model) === k);
  first.sort((a, b) => Number(isRegression(b)) - Number(isRegression(a)));
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
    const paths = [
      folder.picture(condition.id, inputRow, index),
      ...first.flatMap((row) => pathsOf(folder, condition, row, index)),
      folder.picture(originalsRow, originalsRow, index),
    ];
    pictures.push(await Promise.all(paths.map((path) => readImage(path))));
  }
  return { condition: condition.id, headings, rows: pictures };
}

/** The grid as one picture, its pixels doubled. */
export function gridImage({ headings, rows }: Grid): Promise<Image> {
  return contactSheet(
    rows.map((images) => ({ images })),
    nodeCodec,
    { headings, scale: 2 },
  );
}

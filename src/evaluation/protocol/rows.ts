/** The rows of a plan: which model answers, and how it is sampled. */
import { quantity } from "../../util/format.ts";
import type { EvaluationModel } from "../platform.ts";
import type { EvaluationCondition } from "./conditions.ts";
import {
  isOwnWay,
  type Sampling,
  type SamplingWay,
  samplerName,
  samplingIn,
  wayName,
} from "./sampler-settings.ts";

export interface EvaluatedModel extends EvaluationModel {
  readonly parameters: number;
  /** Its name in tables; different for different models. */
  readonly label: string;
}

/** Answers of one model, sampled in one way. */
export interface PlannedRow {
  /** Also its folder's name. */
  readonly id: string;
  readonly label: string;
  readonly model: EvaluatedModel;
  /** The Regression baseline has none. */
  readonly sampling?: Sampling;
  readonly samples: number;
}

/** Models and the ways in which they are sampled. */
export interface RowChoice {
  readonly models: readonly EvaluatedModel[];
  /** Of each model but the Regression baselines, in the order asked for. */
  readonly samplings: ReadonlyMap<EvaluatedModel, readonly SamplingWay[]>;
  /** Answers a picture of each model's first way. */
  readonly samples: number;
}

/** The rows of a condition: each model trained for its task, sampled in each way. */
export function plannedRows(
  { models, samplings, samples }: RowChoice,
  condition: Pick<EvaluationCondition, "task" | "known">,
): PlannedRow[] {
  // As soon as there are two ways, of one model or of two, each row says its own.
  const ways = new Set([...samplings.values()].flat().map(wayName)).size;
  return models
    .filter(({ config }) => config.tasks.includes(condition.task.name))
    .flatMap((model): PlannedRow[] => {
      const id = `${fileName(model.config.name)}-${model.digest.slice(0, 8)}`;
      const own = samplings.get(model);
      if (own === undefined) return [{ id, label: model.label, model, samples: 1 }];
      return own.map((way, k) => ({
        id: `${id}-${wayName(way).replaceAll(":", "-")}`,
        label: ways === 1 ? model.label : `${model.label}, ${inWords(way)}`,
        model,
        sampling: samplingIn(condition, way, model.config),
        samples: k === 0 ? samples : 1,
      }));
    });
}

/** The name of each model in tables; models of one name are told apart by their digests. */
export function modelLabels(models: readonly EvaluationModel[]): string[] {
  const plain = models.map(labelOf);
  return models.map(({ digest }, k) => {
    const twins = plain.filter((label) => label === plain[k]).length > 1;
    return twins ? `${plain[k]} ${digest.slice(0, 8)}` : plain[k]!;
  });
}

function labelOf({ config: { name, objective }, precision }: EvaluationModel): string {
  const label = objective.regression ? "Regression" : `Palette (${name})`;
  return precision === undefined ? label : `${label} in ${precision}`;
}

function inWords(way: SamplingWay): string {
  if (isOwnWay(way)) return way === "own" ? "each task in its own way" : "the mean";
  return `${samplerName(way)} ${quantity(way.steps, "step")}`;
}

function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "") || "model";
}

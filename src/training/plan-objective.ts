/** The objective of a training: from what is asked for, the preset and the model it begins with. */
import { assertLearned } from "../data/task-sampler.ts";
import { lossWeight } from "../diffusion/loss-weighting.ts";
import type { Preset } from "../models/presets.ts";
import {
  type ModelObjective,
  type Objective,
  paperObjective,
} from "../models/settings/objective.ts";
import { givesColours } from "../tasks/registry.ts";
import { UsageError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type { WarmStart } from "./warm-start.ts";

/**
 * The objective: what is asked for, else that of the model in `from`, else the preset's. The
 * paper's own predictions, epsilon and the regression baseline, take the paper's objective.
 * @throws UsageError when two settings exclude each other.
 */
export function objectiveOf(
  asked: Partial<Objective>,
  preset: Preset,
  from?: WarmStart,
): Objective {
  const base: ModelObjective = from?.objective ?? preset.objective;
  const regression = asked.regression ?? base.regression ?? false;
  if (regression && (asked.prediction ?? "x0") !== "x0") {
    throw new UsageError(
      `The regression baseline predicts the picture itself: leave out --predict ${asked.prediction}.`,
    );
  }
  if (asked.consistencyImages !== undefined && (regression || from === undefined)) {
    throw new UsageError("Distilling begins with a diffusion model: name it with --from.");
  }
  const prediction = regression ? "x0" : (asked.prediction ?? base.prediction);
  const { prediction: _, regression: __, ...choices } = omitUndefined(asked);
  // A student that is trained on by itself is a diffusion model again. Which tasks see first calls
  // is asked for each time.
  const {
    consistencyImages: ____,
    firstCall: _____,
    ...inherited
  }: Partial<Objective> = from?.objective ?? {};
  const objective: Objective = {
    ...(regression || prediction === "epsilon" ? paperObjective : preset.objective),
    ...omitUndefined(inherited),
    ...choices,
    // Without noise there are no levels to draw or to weigh.
    ...(regression && {
      weighting: paperObjective.weighting,
      noiseLevels: paperObjective.noiseLevels,
    }),
    prediction,
  };
  lossWeight(prediction, 0.5, objective.weighting); // throws for a pair that cannot be
  const { regression: ___, ...rest } = objective;
  return regression ? { ...rest, regression } : rest;
}

/** @throws UsageError for examples of first calls that cannot be. */
export function checkFirstCall(
  { firstCall = {}, regression }: Objective,
  tasks: readonly string[],
): void {
  const names = Object.keys(firstCall);
  for (const name of names) assertLearned(name, tasks, "--first-call");
  if (regression && names.length > 0)
    throw new UsageError("The regression baseline has one call: leave out --first-call.");
}

/**
 * The objective with or without examples that lack x.
 * @param asked as `conditioningDropout` was given
 * @throws UsageError where it was asked for and cannot be.
 */
export function withDropout(
  { conditioningDropout = 0, ...objective }: Objective,
  tasks: readonly string[],
  asked = 0,
): Objective {
  if (conditioningDropout > 0 && givesColours(tasks) && !objective.regression)
    return { ...objective, conditioningDropout };
  if (asked > 0)
    throw new UsageError(
      objective.regression
        ? "The regression baseline cannot be guided: leave out --conditioning-dropout."
        : "Only colorizing is trained without the picture, and it is not among the tasks: leave out --conditioning-dropout.",
    );
  return objective;
}

/** `palette-diffusion/training`: models from folders of photos. */
export {
  type Clock,
  defaultIntervals,
  type Progress,
  type Reporter,
  type TrainingOptions,
  type TrainingOutcome,
} from "./options.ts";
export { planTraining, type TrainingPlan, type TrainingRequest } from "./plan.ts";
export type { RunConfig } from "./run-config.ts";
export { train } from "./train.ts";

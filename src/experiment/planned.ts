/** What studies ask for: trainings, sets of answers, and the jobs that make them. */
import type { CropScale } from "../data/crop-scale.ts";
import { networkCalls } from "../diffusion/samplers/sampler-config.ts";
import type { EvaluationCondition } from "../evaluation/protocol/conditions.ts";
import type { Sampling } from "../evaluation/protocol/sampler-settings.ts";
import type { TrainingPlan } from "../training/plan.ts";
import type { Arm } from "./arms.ts";
import type { Study } from "./study-file.ts";

/** A training up to a number of images. */
export interface PlannedTraining {
  /** Of all that decides about its weights but the number of images. */
  readonly key: string;
  readonly images: number;
  readonly plan: TrainingPlan;
  /** The first study, arm and seed that ask for it. */
  readonly label: string;
}

/** The crops that answers are given to, and what they are compared with. */
export interface Protocol {
  readonly key: string;
  readonly photos: readonly string[];
  readonly resolution: number;
  readonly cropScale: CropScale;
  readonly crops: number;
  readonly referenceCrops: number;
  readonly seed: number;
  readonly replicates: number;
}

/** Answers of a model in a condition; or what is degraded, or the originals. */
export interface PlannedSet {
  readonly key: string;
  readonly label: string;
  readonly protocol: Protocol;
  readonly source: "degraded" | "originals" | PlannedTraining;
  /** Of the Regression baseline, of what is degraded and of the originals there is none. */
  readonly sampling?: Sampling;
  /** The originals have none. */
  readonly condition?: EvaluationCondition;
  readonly samples: number;
  readonly fid: boolean;
}

export interface PlannedStudy {
  readonly study: Study;
  readonly protocol: Protocol;
  readonly arms: readonly Arm[];
  readonly conditions: readonly EvaluationCondition[];
  /**
   * The key of the set of an arm with each seed, by condition; absent where it has not learned it.
   */
  readonly cells: ReadonlyMap<string, readonly string[]>;
  /** Keys of what is degraded, by condition, and of the originals. */
  readonly degraded: ReadonlyMap<string, string>;
  readonly originals: string;
  readonly trainings: readonly string[];
}

export type Job =
  | { readonly kind: "training"; readonly training: PlannedTraining; readonly shard: number }
  | { readonly kind: "set"; readonly set: PlannedSet; readonly shard: number };

export interface ExperimentPlan {
  readonly studies: readonly PlannedStudy[];
  readonly jobs: readonly Job[];
  readonly sets: ReadonlyMap<string, PlannedSet>;
}

/** The key of a cell: which arm answers in which condition. */
export function cellKey(arm: string, condition: string): string {
  return `${arm}\n${condition}`;
}

/** The folder of a training: `KEY/IMAGES`. */
export function trainingId({ key, images }: Pick<PlannedTraining, "key" | "images">): string {
  return `${key}/${images}`;
}

/** Network calls of a set. */
export function callsOf({ source, sampling, samples, protocol }: PlannedSet): number {
  if (typeof source === "string") return 0;
  return protocol.crops * samples * (sampling ? networkCalls(sampling.sampler, sampling.steps) : 1);
}

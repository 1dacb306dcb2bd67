/**
 * Training on any platform: a plan from settings and photos, a store that keeps the run, a platform
 * that computes. `palette-diffusion/training` binds them to folders in Node (`node/training.ts`).
 */
export type { PhotoSet } from "../data/photo-reader.ts";
export type { TaskMix } from "../data/task-sampler.ts";
export type { CalibrationOptions } from "./calibrate.ts";
export {
  type Clock,
  defaultIntervals,
  type Intervals,
  type Progress,
  type Reporter,
  type TrainingOptions,
  type TrainingOutcome,
} from "./options.ts";
export {
  type PhotoSource,
  type PlanInputs,
  resolvePlan,
  type TrainingPlan,
  type TrainingSettings,
} from "./plan.ts";
export type {
  Counters,
  RunStore,
  Snapshot,
  SnapshotStore,
  StateAccess,
  StatsLine,
  TrainingPlatform,
} from "./platform.ts";
export type { Communicator } from "./ranks/communicator.ts";
export { type FollowerOptions, followTraining } from "./ranks/follower.ts";
export { Leader } from "./ranks/leader.ts";
export { type Bucket, type Partition, type Piece, partition } from "./ranks/partition.ts";
export type { Seen } from "./ranks/protocol.ts";
export { SaidByRank0 } from "./ranks/said-by-rank0.ts";
export type { RunConfig } from "./run-config.ts";

export type {
  Decays,
  Hyperparameters,
  PowerAverage,
  TrainingState,
  VectorName,
} from "./step/optimizer.ts";

export {
  openReplica,
  type Replica,
  type ReplicaServer,
  type SpawnReplica,
} from "./step/replica.ts";
export type {
  NearerImages,
  Ranks,
  StepperOptions,
  StepResult,
  StepSize,
  StepStrategy,
  TrainingBatch,
  TrainingStepper,
} from "./step/types.ts";

export { runTraining } from "./train.ts";
export type { ValidationLoss } from "./validation-set.ts";
export {
  type Inherited,
  type StartingModel,
  type WarmStart,
  warmStart,
  warmStartOf,
} from "./warm-start.ts";

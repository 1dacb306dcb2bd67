/**
 * How good restored pictures are, in the paper's terms: the metrics as pure functions, the protocol
 * over any store, the report. `node/evaluation.ts` adds folders; the two are
 * `palette-diffusion/evaluation` in a browser and in Node.
 */

export { type MaskKind, maskKind, paperMasks } from "../tasks/evaluation-masks.ts";
export type { Environment } from "../util/environment.ts";
export { parseShard, type Shard } from "../util/shard.ts";
export {
  type EvaluateOptions,
  type Evaluation,
  type EvaluationProgress,
  type PicturePlatform,
  runEvaluation,
  runShard,
} from "./evaluate.ts";
export type { FeatureExtractors, FeatureStore } from "./features/extract-features.ts";
export {
  type FeatureNetwork,
  type NetworkFiles,
  type NetworkOutput,
  type OpenNetworkOptions,
  openNetwork,
} from "./features/feature-network.ts";
export type { NetworkManifest, View } from "./features/manifest.ts";
export { type BootstrapOptions, bootstrapDeviation, type Statistic } from "./metrics/bootstrap.ts";
export type { PictureSize, Pixels } from "./metrics/channels.ts";
export { diversityMsSsim } from "./metrics/diversity.ts";
export { type FrechetReference, frechetDistance, frechetReference } from "./metrics/fid.ts";
export { frechetResampler } from "./metrics/fid-resampler.ts";
export {
  classificationAccuracy,
  classificationHits,
  inceptionScore,
  inceptionScoreResampler,
} from "./metrics/inception-score.ts";
export {
  type Groups,
  type KernelReference,
  kernelDistance,
  kernelReference,
  kernelResampler,
} from "./metrics/kid.ts";
export { type KernelSubsetOptions, kernelDistanceAsync } from "./metrics/kid-subsets.ts";
export {
  consecutiveDistance,
  perceptualDistance,
  perceptualDistances,
} from "./metrics/perceptual.ts";
export { psnr } from "./metrics/psnr.ts";
export { meanResampler } from "./metrics/resample.ts";
export { msSsim, scaleWeights, ssim } from "./metrics/ssim.ts";
export type {
  EvaluationModel,
  EvaluationPlatform,
  EvaluationSources,
  EvaluationStore,
  PhotoCollection,
} from "./platform.ts";
export {
  type Comparison,
  type ComparisonOptions,
  type ComparisonProgress,
  compareSets,
  type PictureFiles,
} from "./protocol/compare-sets.ts";
export {
  type ConditionChoice,
  type EvaluationCondition,
  paperConditions,
  type VariantChoice,
} from "./protocol/conditions.ts";
export { type CropKind, cropKinds } from "./protocol/crops.ts";
export type { CommonSettings } from "./protocol/files.ts";
export type { GenerateProgress } from "./protocol/generate.ts";
export {
  type EvaluationPlan,
  type EvaluationRequest,
  type FoundAnswers,
  type OtherAnswers,
  resolvePlan,
} from "./protocol/plan.ts";
export type { EvaluatedModel } from "./protocol/rows.ts";
export type { Sampling, SamplingWay, Steps } from "./protocol/sampler-settings.ts";
export { reportHtml } from "./report/html.ts";
export type * from "./report/report.ts";
export { parseReport, reportJson } from "./report/report.ts";

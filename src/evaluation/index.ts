/** `palette-diffusion/evaluation`: how good restored pictures are, in the paper's terms. */

export { type ConditionChoice, type EvaluationCondition, paperConditions } from "./conditions.ts";
export { type CropKind, cropKinds } from "./crops.ts";
export { type EvaluationOptions, type EvaluationProgress, evaluate } from "./evaluate.ts";
export {
  compareFolders,
  type FoldersComparison,
  type FoldersOptions,
  type FoldersProgress,
} from "./folders.ts";
export { type MaskKind, maskKind, paperMasks } from "./masks.ts";
export {
  type AsyncBootstrapOptions,
  type BootstrapOptions,
  bootstrapDeviation,
  bootstrapDeviationAsync,
  type Statistic,
} from "./metrics/bootstrap.ts";
export {
  classificationAccuracy,
  classificationHits,
  inceptionScore,
  inceptionScoreResampler,
} from "./metrics/classes.ts";
export { diversityMsSsim } from "./metrics/diversity.ts";
export { type FrechetReference, frechetDistance, frechetReference } from "./metrics/frechet.ts";
export { frechetResampler } from "./metrics/frechet-resampler.ts";
export {
  type KernelReference,
  kernelDistance,
  kernelReference,
  kernelResampler,
} from "./metrics/kernel.ts";
export { type KernelSubsetOptions, kernelDistanceAsync } from "./metrics/kernel-subsets.ts";
export {
  consecutiveDistance,
  perceptualDistance,
  perceptualDistances,
} from "./metrics/perceptual.ts";
export type { PictureSize, Pixels } from "./metrics/planes.ts";
export { psnr } from "./metrics/psnr.ts";
export { meanResampler } from "./metrics/resample.ts";
export { msSsim, scaleWeights, ssim } from "./metrics/ssim.ts";
export { cached } from "./networks/feature-cache.ts";
export {
  type FeatureNetwork,
  type NetworkOutput,
  openNetwork,
} from "./networks/feature-network.ts";
export { chooseNetworks, type FoundNetwork, findNetworks } from "./networks/find.ts";
export type { NetworkManifest } from "./networks/manifest.ts";
export { type EvaluationPlan, type EvaluationRequest, planEvaluation } from "./plan.ts";
export { parseReport, reportJson } from "./report/json.ts";
export { reportMarkdown } from "./report/markdown.ts";
export { reportHtml } from "./report/page.ts";
export type * from "./report/report.ts";
export type { Evaluation } from "./results.ts";

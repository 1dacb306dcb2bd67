/** `palette-diffusion/evaluation`: how good restored pictures are, in the paper's terms. */

export {
  chooseNetworks,
  type FoundNetwork,
  findNetworks,
  openFoundNetwork,
} from "../node/feature-networks.ts";
export { type MaskKind, maskKind, paperMasks } from "../tasks/evaluation-masks.ts";
export {
  compareFolders,
  type FoldersComparison,
  type FoldersOptions,
  type FoldersProgress,
} from "./compare-folders.ts";
export {
  type ConditionChoice,
  type EvaluationCondition,
  paperConditions,
  type VariantChoice,
} from "./conditions.ts";
export { type CropKind, cropKinds } from "./crops.ts";
export { type EvaluationOptions, type EvaluationProgress, evaluate } from "./evaluate.ts";
export type { FeatureNetwork, NetworkOutput } from "./features/feature-network.ts";
export type { NetworkManifest } from "./features/manifest.ts";
export {
  type BootstrapOptions,
  bootstrapDeviation,
  type Statistic,
} from "./metrics/bootstrap.ts";
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
export { type EvaluationPlan, type EvaluationRequest, planEvaluation } from "./plan.ts";
export { reportHtml } from "./report/html.ts";
export { parseReport, reportJson } from "./report/json.ts";
export { reportMarkdown } from "./report/markdown.ts";
export type * from "./report/report.ts";
export type { Evaluation } from "./results.ts";

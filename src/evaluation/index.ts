/** `palette-diffusion/evaluation`: how good restored pictures are, in the paper's terms. */
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
export { frechetDistance } from "./metrics/frechet.ts";
export { frechetResampler } from "./metrics/frechet-resampler.ts";
export { kernelDistance, kernelResampler } from "./metrics/kernel.ts";
export {
  consecutiveDistance,
  perceptualDistance,
  perceptualDistances,
} from "./metrics/perceptual.ts";
export type { PictureSize, Pixels } from "./metrics/planes.ts";
export { psnr } from "./metrics/psnr.ts";
export { meanResampler } from "./metrics/resample.ts";
export { msSsim, scaleWeights, ssim } from "./metrics/ssim.ts";

/** What a run's model folder says about itself. */

import { recommendedSampler } from "../diffusion/samplers/sampler-config.ts";
import { type ModelConfig, modelFormat } from "../models/config.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { imagesPerUpdate, type RunConfig } from "./run-config.ts";

/** Nothing in it depends on the clock or the machine: equal runs give equal models. */
export function trainedModel(
  config: RunConfig,
  { images, steps }: { readonly images: number; readonly steps: number },
): ModelConfig {
  const { network, prediction, regression, trainingSchedule, inferenceSchedule, tasks } = config;
  const { training, heldOut, holdOut, digests } = config.photos;
  return {
    format: modelFormat,
    name: regression ? `${config.preset}-regression` : config.preset,
    network,
    prediction,
    regression,
    trainingSchedule,
    inferenceSchedule,
    tasks,
    ...omitUndefined({ sampling: config.sampling ?? recommendedSampler(prediction) }),
    training: {
      images,
      steps,
      loss: config.loss,
      weighting: config.weighting,
      levels: config.levels,
      ...omitUndefined({
        mix: config.mix,
        gray: config.gray,
        vary: config.vary,
        cropScale: config.cropScale,
        jpegQuality: config.jpegQuality,
        weights: config.photos.weights,
      }),
      batch: imagesPerUpdate(config),
      learningRate: config.learningRate,
      emaDecay: config.emaDecay,
      data: `${training} photos, ${heldOut} more held out (${holdOut})`,
      photos: { digests, holdOut },
      ...(config.from && { from: config.from }),
      seed: config.seed,
    },
    ...omitUndefined({ ddpm: config.ddpm, origin: config.origin }),
  };
}

/** What a run's model folder says about itself. */

import { recommendedSampler } from "../diffusion/samplers/sampler-config.ts";
import { type ModelConfig, modelFormat } from "../models/config.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type { RunConfig } from "./run-config.ts";

/** Nothing in it depends on the clock or the machine: equal runs give equal models. */
export function trainedModel(
  config: RunConfig,
  { images, steps }: { readonly images: number; readonly steps: number },
): ModelConfig {
  const { network, objective, optimizer, augmentation, photos, tasks, seed } = config;
  return {
    format: modelFormat,
    name: objective.regression ? `${config.preset}-regression` : config.preset,
    network,
    objective,
    trainingSchedule: config.trainingSchedule,
    inferenceSchedule: config.inferenceSchedule,
    tasks,
    ...omitUndefined({ sampler: config.sampler ?? recommendedSampler(objective.prediction) }),
    training: {
      images,
      steps,
      ...omitUndefined({ mix: config.mix, from: config.from }),
      optimizer,
      augmentation,
      data: `${photos.training} photos, ${photos.heldOut} more held out (${photos.holdOut})`,
      photos,
      seed,
    },
    ...omitUndefined({ ddpm: config.ddpm, origin: config.origin }),
  };
}

/** The networks that are known by name: one table, from the paper's own to one for tests. */

import {
  inferenceScheduleConfig,
  type ScheduleConfig,
  trainingScheduleConfig,
} from "../diffusion/schedule.ts";
import { type UNetConfig, uNetConfig } from "../nn/config.ts";
import { UsageError } from "../util/errors.ts";
import { type Objective, paperObjective } from "./settings/objective.ts";
import type { Optimizer } from "./settings/optimizer.ts";

export interface Preset {
  readonly name: string;
  readonly description: string;
  readonly network: UNetConfig;
  readonly objective: Objective;
  readonly trainingSchedule: ScheduleConfig;
  readonly inferenceSchedule: ScheduleConfig;
  readonly optimizer: Optimizer;
}

const schedules = {
  trainingSchedule: trainingScheduleConfig,
  inferenceSchedule: inferenceScheduleConfig,
};

/**
 * For small budgets. The clean image is predicted: epsilon needs far more images before it shows a
 * picture. L1 minds the small errors where most of the picture is known. The EMA decay suits runs
 * of any length, thanks to its ramp (`emaDecayAt`).
 */
const small = {
  objective: {
    prediction: "x0-skip",
    loss: "l1",
    weighting: "balanced",
    noiseLevels: "log-normal",
  },
  ...schedules,
  optimizer: {
    batch: 16,
    accumulate: 1,
    learningRate: 5e-4,
    warmUpImages: 3200,
    emaDecay: 0.9998,
    clip: 10,
  },
} as const;

export const presets: readonly Preset[] = [
  {
    name: "paper-256",
    description: "The paper's network and settings (sections 1.2 and 1.3): 552M parameters.",
    network: uNetConfig.parse({
      resolution: 256,
      base: 256,
      multipliers: [1, 1, 2, 2, 4, 4],
      blocks: 2,
      attention: [32, 16, 8],
      headChannels: 64,
      resampling: "block",
      embedding: "log-snr",
    }),
    objective: { prediction: "epsilon", ...paperObjective },
    ...schedules,
    optimizer: {
      batch: 1024,
      accumulate: 1,
      learningRate: 1e-4,
      warmUpImages: 10_000 * 1024,
      emaDecay: 0.9999,
      clip: null,
    },
  },
  {
    name: "pytorch-256",
    description: "The default network of the public PyTorch re-implementation of Palette.",
    network: uNetConfig.parse({
      resolution: 256,
      base: 64,
      multipliers: [1, 2, 4, 8],
      blocks: 2,
      attention: [],
      headChannels: 32,
      resampling: "block",
      embedding: "gamma",
    }),
    objective: { prediction: "epsilon", ...paperObjective },
    ...schedules,
    optimizer: {
      batch: 3,
      accumulate: 1,
      learningRate: 5e-5,
      warmUpImages: 0,
      emaDecay: 0.9999,
      clip: null,
    },
  },
  {
    name: "small-64",
    description: "64x64 pixels, to be trained on a CPU in hours.",
    network: uNetConfig.parse({
      resolution: 64,
      stem: 2,
      outputSkip: "laplacian",
      base: 64,
      multipliers: [1, 2, 2],
      blocks: 2,
      attention: [8],
      headChannels: 32,
      resampling: "convolution",
    }),
    ...small,
  },
  {
    name: "tiny-32",
    description: "32x32 pixels, for tests and first steps: trains in minutes.",
    network: uNetConfig.parse({
      resolution: 32,
      stem: 2,
      outputSkip: "concat",
      base: 32,
      multipliers: [1, 2],
      blocks: 1,
      attention: [8],
      headChannels: 32,
    }),
    ...small,
  },
];

export const presetNames: readonly string[] = presets.map((preset) => preset.name);

/** @throws UsageError listing the presets when there is none of this name. */
export function presetNamed(name: string): Preset {
  const found = presets.find((preset) => preset.name === name);
  if (found === undefined) {
    throw new UsageError(
      `There is no preset "${name}"; the presets are ${presetNames.join(", ")}.`,
    );
  }
  return found;
}

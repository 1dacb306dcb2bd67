/**
 * Noise schedules in float64, and p(gamma): the distribution a training draws its noise levels
 * from. The network is told gamma, never t (the paper's "alpha conditioning", after SR3 and
 * WaveGrad), so a model trained on one schedule can be sampled on another.
 */
import { z } from "zod";
import { PaletteError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";

/** A schedule as it stands in a model's config.json. */
export const scheduleConfig = z.strictObject({
  type: z.literal("linear"),
  /** T, the number of noise levels. */
  steps: z.int().min(1),
  /** beta_1 and beta_T, the variances added by the first and the last step. */
  betaFirst: z.number().positive().lt(1),
  betaLast: z.number().positive().lt(1),
});

export type ScheduleConfig = z.infer<typeof scheduleConfig>;

/** Noise levels of T steps: gamma falls from 1 (clean) at t = 0 to nearly 0 (noise) at t = T. */
export interface NoiseSchedule {
  readonly name: string;
  /** T */
  readonly steps: number;
  /** gamma_0 = 1, gamma_t = prod_{s <= t} (1 - beta_s): T + 1 values, strictly falling. */
  readonly gammas: Float64Array;
}

/** The paper's schedule for training: T = 2000, beta from 1e-6 to 0.01. */
export const trainingScheduleConfig: ScheduleConfig = {
  type: "linear",
  steps: 2000,
  betaFirst: 1e-6,
  betaLast: 0.01,
};

/** The paper's schedule for inference: 1000 refinement steps, beta from 1e-4 to 0.09. */
export const inferenceScheduleConfig: ScheduleConfig = {
  type: "linear",
  steps: 1000,
  betaFirst: 1e-4,
  betaLast: 0.09,
};

export const trainingSchedule = scheduleFrom(trainingScheduleConfig);
export const inferenceSchedule = scheduleFrom(inferenceScheduleConfig);

/**
 * beta_t rises linearly from `betaFirst` at t = 1 to `betaLast` at t = T = `steps`; with one step
 * it is `betaFirst`.
 * @throws PaletteError when steps is not a whole number >= 1, a beta is not between 0 and 1, or so
 * many steps leave gamma = 0 in float64.
 */
export function linearSchedule(steps: number, betaFirst: number, betaLast: number): NoiseSchedule {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new PaletteError(`A noise schedule needs a whole number of steps >= 1, not ${steps}.`);
  }
  for (const beta of [betaFirst, betaLast]) {
    if (!(beta > 0 && beta < 1)) {
      throw new PaletteError(`A noise schedule needs betas between 0 and 1, not ${beta}.`);
    }
  }
  const name = `linear(${steps}, ${betaFirst}, ${betaLast})`;
  const gammas = new Float64Array(steps + 1);
  gammas[0] = 1;
  for (let t = 1; t <= steps; t++) {
    const beta =
      steps === 1 ? betaFirst : betaFirst + ((betaLast - betaFirst) * (t - 1)) / (steps - 1);
    gammas[t] = gammas[t - 1]! * (1 - beta);
  }
  if (!(gammas[steps]! > 0 && gammas[1]! < 1)) {
    throw new PaletteError(
      `The noise schedule ${name} leaves the range of numbers: use fewer steps or other betas.`,
    );
  }
  return { name, steps, gammas };
}

/** The schedule that a configuration describes; throws as `linearSchedule` does. */
export function scheduleFrom(config: ScheduleConfig): NoiseSchedule {
  return linearSchedule(config.steps, config.betaFirst, config.betaLast);
}

/** gamma_T, the noisiest level of a schedule: in training, the end of what is trained. */
export function smallestGamma(schedule: NoiseSchedule): number {
  return schedule.gammas[schedule.steps]!;
}

/** ln(gamma / (1 - gamma)), the log of the signal-to-noise ratio; infinite at gamma 0 and 1. */
export function logSnr(gamma: number): number {
  return Math.log(gamma) - Math.log1p(-gamma);
}

/** The inverse of `logSnr`: the gamma in [0, 1] with this log-SNR. */
export function gammaAt(logSnr: number): number {
  return 1 / (1 + Math.exp(-logSnr));
}

/** The gamma whose noise is this sigma = sqrt((1 - gamma) / gamma). */
export function gammaOfSigma(sigma: number): number {
  return 1 / (1 + sigma * sigma);
}

/**
 * schedule: the paper's, as its training schedule has them; log-normal: those at which pictures of
 * few pixels are decided, with both ends of the schedule rare.
 */
export const noiseLevelDistributions = ["schedule", "log-normal"] as const;
export type NoiseLevelDistribution = (typeof noiseLevelDistributions)[number];

/** The noise level gamma of one training image, within those of the training schedule. */
export function sampleGamma(
  distribution: NoiseLevelDistribution,
  schedule: NoiseSchedule,
  random: Random,
): number {
  return distribution === "schedule" ? scheduled(schedule, random) : logNormal(schedule, random);
}

/**
 * p(gamma) = sum_t (1/T) U(gamma_t, gamma_{t-1}): t is uniform on 1..T, gamma uniform between its
 * neighbours (Palette's Algorithm 1 draws from p(gamma); its form is SR3's).
 */
function scheduled(schedule: NoiseSchedule, random: Random): number {
  const t = random.integer(1, schedule.steps);
  return random.between(schedule.gammas[t]!, schedule.gammas[t - 1]!);
}

/** Mean and standard deviation of ln sigma, sigma^2 = (1 - gamma) / gamma. */
export const logSigma = { mean: -0.8, deviation: 2 } as const;

/**
 * ln sigma is normal, as in Karras et al. (2022, table 1, with mean -1.2 and deviation 1.2: holes
 * and margins want more of the noisy levels), and never outside the levels of the schedule. The
 * paper's own p(gamma) has half its levels where a 64x64 picture is gone (gamma below 0.08) and 3 %
 * where it is nearly done (above 0.99).
 */
function logNormal({ gammas, steps }: NoiseSchedule, random: Random): number {
  const [lowest, highest] = [logSnr(gammas[steps]!), logSnr(gammas[1]!)];
  const snr = -2 * (logSigma.mean + logSigma.deviation * random.normal());
  return gammaAt(Math.min(highest, Math.max(lowest, snr)));
}

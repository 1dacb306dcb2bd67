/** p(gamma): from which distribution a training draws its noise levels. */
import type { Random } from "../util/random.ts";
import { gammaAt, logSnr, type NoiseSchedule } from "./schedule.ts";

/**
 * schedule: the paper's, as its training schedule has them; log-normal: those at which pictures of few
 * pixels are decided, with both ends of the schedule rare.
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
 * ln sigma is normal, as in Karras et al. (2022, table 1, with mean -1.2 and deviation 1.2: holes and
 * margins want more of the noisy levels), and never outside the levels of the schedule. The paper's own
 * p(gamma) has half its levels where a 64x64 picture is gone (gamma below 0.08) and 3 % where it is
 * nearly done (above 0.99).
 */
function logNormal({ gammas, steps }: NoiseSchedule, random: Random): number {
  const [lowest, highest] = [logSnr(gammas[steps]!), logSnr(gammas[1]!)];
  const snr = -2 * (logSigma.mean + logSigma.deviation * random.normal());
  return gammaAt(Math.min(highest, Math.max(lowest, snr)));
}

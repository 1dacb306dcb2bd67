/**
 * Which noise levels a sampler visits. The network knows any gamma inside the range it was trained
 * on, so the levels may be any rising sequence there; the step after the last one leads to gamma 1.
 */
import { PaletteError } from "../../util/errors.ts";
import {
  gammaAt,
  inferenceSchedule,
  logSnr,
  type NoiseSchedule,
  smallestGamma,
  trainingSchedule,
} from "../schedule.ts";

/**
 * "time": an even subsequence of the schedule's t; "logsnr": even in ln(gamma / (1 - gamma)), more
 * levels where the picture is nearly clean.
 */
export const spacings = ["time", "logsnr"] as const;
export type Spacing = (typeof spacings)[number];

/** Where to sample; the defaults are the paper's schedules. */
export interface LevelOptions {
  /** Network calls: a whole number >= 1. */
  readonly steps: number;
  /** Default "time". */
  readonly spacing?: Spacing | undefined;
  /** Default: the paper's inference schedule. */
  readonly schedule?: NoiseSchedule;
  /** The smallest gamma the network was trained on; default: that of the paper's training schedule. */
  readonly smallestGamma?: number;
  /** Visit levels below `smallestGamma` too, as the paper's 1000 steps do. Default false. */
  readonly belowTrained?: boolean | undefined;
  /** No level has less noise than this sigma = sqrt((1 - gamma) / gamma). Default 0: down to gamma_1. */
  readonly sigmaMin?: number | undefined;
}

/**
 * The gammas at which the network is called, rising strictly from the noisiest, all below 1.
 *
 * "time" walks t from the largest usable one (T, or the last whose gamma is not below
 * `smallestGamma`) down in equal parts: with all of the paper's 1000 steps every usable level once,
 * which is 468 network calls, or 1000 with `belowTrained`. More steps than there are usable levels
 * walk each level once. "logsnr" gives exactly `steps` levels from the smallest usable gamma to the
 * schedule's gamma_1, both included (one step: the smallest alone; where both are the same, one). With
 * `sigmaMin` both end where the noise is no less than that, "logsnr" exactly there.
 *
 * @throws PaletteError when steps is not a whole number >= 1, sigmaMin is no number >= 0 or there is no
 * usable level.
 */
export function samplingLevels(options: LevelOptions): Float64Array {
  const { steps, spacing = "time", schedule = inferenceSchedule } = options;
  const { belowTrained = false, sigmaMin = 0 } = options;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new PaletteError(
      `The number of steps must be a whole number of at least 1, not ${steps}.`,
    );
  }
  const floor = belowTrained ? 0 : (options.smallestGamma ?? smallestGamma(trainingSchedule));
  if (!(sigmaMin >= 0)) {
    throw new PaletteError(`sigmaMin must be a number of at least 0, not ${sigmaMin}.`);
  }
  const { gammas } = schedule;
  let last = schedule.steps;
  while (last > 0 && gammas[last]! < floor) last--;
  if (last === 0) {
    throw new PaletteError(
      `The schedule ${schedule.name} has no level at or above the smallest trained gamma ${floor}.`,
    );
  }
  const cleanest = Math.min(gammas[1]!, 1 / (1 + sigmaMin * sigmaMin));
  if (gammas[last]! > cleanest) {
    throw new PaletteError(
      `The schedule ${schedule.name} has no level with a noise of at least sigma ${sigmaMin}; take a smaller one.`,
    );
  }
  if (spacing === "time") {
    // Below the first usable level there are t of 0 to `skipped`.
    let skipped = 0;
    while (gammas[skipped + 1]! > cleanest) skipped++;
    const usable = last - skipped;
    const count = Math.min(steps, usable);
    return Float64Array.from(
      { length: count },
      (_, i) => gammas[skipped + Math.round(((count - i) * usable) / count)]!,
    );
  }
  const noisiest = Math.max(floor, gammas[schedule.steps]!);
  const from = logSnr(noisiest);
  const to = logSnr(cleanest);
  if (noisiest >= cleanest) return Float64Array.of(cleanest);
  return Float64Array.from({ length: steps }, (_, i) =>
    i === 0 ? noisiest : gammaAt(from + ((to - from) * i) / (steps - 1)),
  );
}

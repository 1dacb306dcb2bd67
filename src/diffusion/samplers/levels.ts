/**
 * Which noise levels a sampler visits. The network knows any gamma inside the range it was trained
 * on, so the levels may be any rising sequence there; the step after the last one leads to gamma 1.
 */
import { PaletteError } from "../../errors.ts";
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
}

/**
 * The gammas at which the network is called, rising strictly from the noisiest, all below 1.
 *
 * "time" walks t from the largest usable one (T, or the last whose gamma is not below
 * `smallestGamma`) down in equal parts: with all of the paper's 1000 steps every usable level once,
 * which is 468 network calls, or 1000 with `belowTrained`. More steps than there are usable levels
 * walk each level once. "logsnr" gives exactly `steps` levels from the smallest usable gamma to the
 * schedule's gamma_1, both included (one step: the smallest alone; where both are the same, one).
 *
 * @throws PaletteError when steps is not a whole number >= 1 or the schedule has no usable level.
 */
export function samplingLevels(options: LevelOptions): Float64Array {
  const { steps, spacing = "time", schedule = inferenceSchedule, belowTrained = false } = options;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new PaletteError(
      `The number of steps must be a whole number of at least 1, not ${steps}.`,
    );
  }
  const floor = belowTrained ? 0 : (options.smallestGamma ?? smallestGamma(trainingSchedule));
  const { gammas } = schedule;
  let last = schedule.steps;
  while (last > 0 && gammas[last]! < floor) last--;
  if (last === 0) {
    throw new PaletteError(
      `The schedule ${schedule.name} has no level at or above the smallest trained gamma ${floor}.`,
    );
  }
  if (spacing === "time") {
    const count = Math.min(steps, last);
    return Float64Array.from(
      { length: count },
      (_, i) => gammas[Math.round(((count - i) * last) / count)]!,
    );
  }
  const noisiest = Math.max(floor, gammas[schedule.steps]!);
  const from = logSnr(noisiest);
  const to = logSnr(gammas[1]!);
  if (noisiest >= gammas[1]!) return Float64Array.of(gammas[1]!);
  return Float64Array.from({ length: steps }, (_, i) =>
    i === 0 ? noisiest : gammaAt(from + ((to - from) * i) / (steps - 1)),
  );
}

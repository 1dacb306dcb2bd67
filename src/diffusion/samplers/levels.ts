/**
 * Which noise levels a sampler visits. The network knows any gamma inside the range it was trained
 * on, so the levels may be any rising sequence there; the step after the last one leads to gamma 1.
 */
import { z } from "zod";
import { PaletteError } from "../../util/errors.ts";
import {
  gammaAt,
  gammaOfSigma,
  inferenceSchedule,
  logSnr,
  type NoiseSchedule,
  smallestGamma,
  trainingSchedule,
} from "../schedule.ts";
import { choiceSetting, numberSetting, type SettingValues, validate } from "./settings.ts";

/**
 * "time": an even subsequence of the schedule's t; "logsnr": even in ln(gamma / (1 - gamma)), more
 * levels where the picture is nearly clean.
 */
export const spacings = ["time", "logsnr"] as const;
export type Spacing = (typeof spacings)[number];

/** The settings of the noise levels, which all samplers have. */
export const levelSettings = {
  spacing: choiceSetting("spacing", {
    flag: "spacing",
    description: "in what the noise levels are even",
    choices: spacings,
    default: "time",
  }),
  /** Least noise of a level, as sigma = sqrt((1 - gamma) / gamma). 100 is where sampling starts. */
  sigmaMin: numberSetting({
    flag: "sigma-min",
    description: "the last network call is at this noise",
    min: 0,
    max: 100,
    default: 0,
    example: 0.05,
  }),
};
export type LevelSettings = SettingValues<typeof levelSettings>;

/** A number of steps: noise levels that are visited. */
export const stepsSchema = z.custom<number>(
  (value) => Number.isInteger(value) && (value as number) >= 1,
  { error: ({ input }) => `The steps are a whole number of at least 1, not ${String(input)}.` },
);

/** Where to sample; the defaults are the paper's schedules. */
export interface LevelOptions {
  /** Noise levels to visit: a whole number >= 1. */
  readonly steps: number;
  /** Default "time". */
  readonly spacing?: Spacing;
  /** Default: the paper's inference schedule. */
  readonly schedule?: NoiseSchedule;
  /** The smallest gamma of the training; default: that of the paper's training schedule. */
  readonly smallestGamma?: number;
  /** Visit levels below `smallestGamma` too, as the paper's 1000 steps do. Default false. */
  readonly belowTrained?: boolean;
  /** Least noise of a level, as sigma = sqrt((1 - gamma) / gamma). Default 0: down to gamma_1. */
  readonly sigmaMin?: number;
}

/**
 * The gammas at which the network is called, rising strictly from the noisiest, all below 1.
 *
 * "time" walks t from the largest usable one (T, or the last whose gamma is not below
 * `smallestGamma`) down in equal parts. All of the paper's 1000 steps visit every usable level
 * once: 468 levels, or 1000 with `belowTrained`. More steps than usable levels walk each level
 * once.
 *
 * "logsnr" gives exactly `steps` levels from the smallest usable gamma to the schedule's gamma_1,
 * both included. One step visits the smallest alone; equal ends give one level.
 *
 * With `sigmaMin` both end where the noise is no less than that, "logsnr" exactly there.
 *
 * @throws UsageError for steps or a sigmaMin out of range, PaletteError when no level is usable.
 */
export function samplingLevels(options: LevelOptions): Float64Array {
  const { schedule = inferenceSchedule, belowTrained = false } = options;
  const steps = validate(stepsSchema, options.steps);
  const spacing = validate(levelSettings.spacing.schema, options.spacing);
  const sigmaMin = validate(levelSettings.sigmaMin.schema, options.sigmaMin);
  const floor = belowTrained ? 0 : (options.smallestGamma ?? smallestGamma(trainingSchedule));
  const { gammas } = schedule;
  let last = schedule.steps;
  while (last > 0 && gammas[last]! < floor) last--;
  if (last === 0) {
    throw new PaletteError(
      `The schedule ${schedule.name} has no level at or above the smallest trained gamma ${floor}.`,
    );
  }
  const cleanest = Math.min(gammas[1]!, gammaOfSigma(sigmaMin));
  // "logsnr" has levels between those of the schedule.
  const noisiestThere = gammas[spacing === "time" ? last : schedule.steps]!;
  if (noisiestThere > cleanest) {
    throw new PaletteError(
      `The schedule ${schedule.name} has no level of at least sigma ${sigmaMin}: choose a smaller one.`,
    );
  }
  if (spacing === "time") {
    // The t from 0 to `skipped` have less noise than is usable.
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

/**
 * The noise schedules of the public re-implementation: from the numbers its training leaves in the
 * state dict, and from its configuration. Ours are linear, as the paper's and all published ones.
 * Another one is replaced by the linear schedule with the same first and last noise level. That is
 * enough, as the network is told the level itself.
 */
import {
  inferenceScheduleConfig,
  type ScheduleConfig,
  trainingScheduleConfig,
} from "../diffusion/schedule.ts";
import { PaletteError } from "../util/errors.ts";
import type { RepositoryConfig, TheirSchedule } from "./repository-config.ts";

export interface FoundSchedule {
  readonly config: ScheduleConfig;
  /** Whether it is linear indeed. */
  readonly exact: boolean;
}

/** The schedule's numbers, which training leaves in the state dict beside the weights. */
export const scheduleBuffers: readonly string[] = ["gammas", "sqrt_recipm1_gammas"];

/**
 * The schedule whose logarithms of gamma_1 to gamma_T are these.
 * @param error how far off beta_1 may be
 */
export function scheduleOfLevels(
  logGammas: readonly number[],
  source: string,
  error = 0,
): FoundSchedule {
  const steps = logGammas.length;
  const betaFirst = fewDigits(-Math.expm1(logGammas[0]!), error);
  const betaLast = fewDigits(lastBeta(steps, betaFirst, logGammas[steps - 1]!));
  if (!(betaFirst > 0 && betaFirst < 1 && betaLast > 0 && betaLast < 1)) {
    throw new PaletteError(`${source} has a noise schedule that is none: its levels do not fall.`);
  }
  const config: ScheduleConfig = { type: "linear", steps, betaFirst, betaLast };
  const linear = linearLogGammas(steps, betaFirst, betaLast);
  // The numbers are float32; gammas near 1 say little about their distance from it.
  const exact = logGammas.every(
    (value, t) => Math.abs(value - linear[t]!) <= 1e-4 * Math.abs(value) + 2e-7,
  );
  return { config, exact };
}

/**
 * From the tensors beside the weights, by name. Files of averaged weights have none: undefined.
 */
export function scheduleOfBuffers(
  buffers: ReadonlyMap<string, Float32Array>,
  source: string,
): FoundSchedule | undefined {
  // sqrt(1/gamma - 1) keeps its precision at both ends; gamma in float32 does not near 1.
  const ratios = buffers.get("sqrt_recipm1_gammas");
  const gammas = buffers.get("gammas");
  const levels = ratios
    ? Array.from(ratios, (ratio) => -Math.log1p(ratio * ratio))
    : gammas && Array.from(gammas, Math.log);
  if (levels === undefined || levels.length === 0) return undefined;
  return scheduleOfLevels(levels, source, ratios ? 0 : 1e-7);
}

/** From the configuration; throws PaletteError for a kind of schedule that is not known. */
export function scheduleOfConfig(theirs: TheirSchedule, source: string): FoundSchedule {
  const {
    schedule,
    n_timestep: steps,
    linear_start: start = 1e-6,
    linear_end: end = 1e-2,
  } = theirs;
  if (schedule === "linear" || schedule === "const") {
    const betaFirst = schedule === "const" ? end : start;
    return { config: { type: "linear", steps, betaFirst, betaLast: end }, exact: true };
  }
  const betas = otherBetas(theirs, start, end);
  if (betas === undefined) {
    throw new PaletteError(`${source}: the schedule "${schedule}" is not known; linear ones are.`);
  }
  let sum = 0;
  const levels = betas.map((beta) => {
    sum += Math.log1p(-Math.min(beta, 0.999));
    return sum;
  });
  return { ...scheduleOfLevels(levels, source), exact: false };
}

/** A model's schedules, and what was assumed or replaced. */
export interface ChosenSchedules {
  readonly training: ScheduleConfig;
  readonly inference: ScheduleConfig;
  readonly notes: readonly string[];
}

/**
 * The training schedule is that of the numbers beside the weights, or else the configuration's. The
 * inference schedule is the configuration's. What nobody says is as in the model that was exported,
 * or as in the published configurations.
 */
export function chooseSchedules(
  buffers: ReadonlyMap<string, Float32Array>,
  theirs: RepositoryConfig | undefined,
  exported: { trainingSchedule: ScheduleConfig; inferenceSchedule: ScheduleConfig } | undefined,
  source: string,
): ChosenSchedules {
  const notes: string[] = [];
  const said = (which: "train" | "test"): FoundSchedule | undefined => {
    const schedule = theirs?.schedules[which];
    return schedule && scheduleOfConfig(schedule, theirs.source);
  };
  const own = scheduleOfBuffers(buffers, source);
  const [train, test] = [said("train"), said("test")];
  // A state dict written while testing holds the test schedule.
  const ownIsTest = same(own, test) && !same(own, train);
  const training = (ownIsTest ? undefined : own) ?? train;
  const inference = test;
  if (own && !ownIsTest && train && !same(own, train)) {
    notes.push(
      `The configuration's training schedule (${describeSchedule(train.config)}) is not the one beside the weights, which is used.`,
    );
  }
  for (const [name, schedule] of [
    ["training", training],
    ["inference", inference],
  ] as const) {
    if (schedule && !schedule.exact) {
      notes.push(`The ${name} schedule is replaced by a linear one with the same ends.`);
    }
    if (!schedule && !exported) {
      notes.push(`The ${name} schedule is assumed to be the published one.`);
    }
  }
  return {
    training: training?.config ?? exported?.trainingSchedule ?? trainingScheduleConfig,
    inference: inference?.config ?? exported?.inferenceSchedule ?? inferenceScheduleConfig,
    notes,
  };
}

function same(a: FoundSchedule | undefined, b: FoundSchedule | undefined): boolean {
  if (a === undefined || b === undefined || a.config.steps !== b.config.steps) return false;
  const near = (x: number, y: number) => Math.abs(x - y) <= 0.05 * Math.max(x, y);
  return near(a.config.betaFirst, b.config.betaFirst) && near(a.config.betaLast, b.config.betaLast);
}

/** "linear, 2000 steps, beta from 1e-6 to 0.01". */
export function describeSchedule({ steps, betaFirst, betaLast }: ScheduleConfig): string {
  return `linear, ${steps} steps, beta from ${betaFirst} to ${betaLast}`;
}

/** The betas of the kinds that are not linear, by the re-implementation's formulas. */
function otherBetas(
  { schedule, n_timestep: steps, cosine_s: offset = 8e-3 }: TheirSchedule,
  start: number,
  end: number,
): number[] | undefined {
  const even = (from: number, to: number, count: number, i: number) =>
    count === 1 ? from : from + ((to - from) * i) / (count - 1);
  const betas = (beta: (i: number) => number) => Array.from({ length: steps }, (_, i) => beta(i));
  const warmUp = (share: number) => {
    const rising = Math.floor(steps * share);
    return betas((i) => (i < rising ? even(start, end, rising, i) : end));
  };
  switch (schedule) {
    case "quad":
      return betas((i) => even(Math.sqrt(start), Math.sqrt(end), steps, i) ** 2);
    case "warmup10":
      return warmUp(0.1);
    case "warmup50":
      return warmUp(0.5);
    case "jsd":
      return betas((i) => 1 / (steps - i));
    case "cosine": {
      const level = (i: number) =>
        Math.cos((((i / steps + offset) / (1 + offset)) * Math.PI) / 2) ** 2;
      return betas((i) => 1 - level(i + 1) / level(i));
    }
    default:
      return undefined;
  }
}

function linearLogGammas(steps: number, betaFirst: number, betaLast: number): number[] {
  let sum = 0;
  return Array.from({ length: steps }, (_, i) => {
    const share = steps === 1 ? 0 : i / (steps - 1);
    sum += Math.log1p(-(betaFirst + (betaLast - betaFirst) * share));
    return sum;
  });
}

/** The last beta of the linear schedule that ends at this level: the sum falls as it grows. */
function lastBeta(steps: number, betaFirst: number, logGamma: number): number {
  if (steps === 1) return betaFirst;
  let [low, high] = [0, 1 - 1e-9];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (linearLogGammas(steps, betaFirst, middle)[steps - 1]! > logGamma) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The number of fewest digits within a float32's error, or a larger one: 0.01 for 0.00999999978.
 */
function fewDigits(value: number, error = 0): number {
  for (let digits = 1; digits <= 7; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.abs(short - value) <= Math.max(error, 1e-6 * value)) return short;
  }
  return value;
}

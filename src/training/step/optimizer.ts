/**
 * The optimizer as loops over flat vectors: Adam with bias correction (Kingma & Ba, Algorithm 1),
 * clipping by the global norm, the exponential moving average (EMA) of the weights and, where they
 * are kept, the two power-function averages (`power-average.ts`). Each works on a part of the
 * vectors, so that several threads can share them.
 */
import type { Optimizer } from "../../models/settings/optimizer.ts";
import type { Piece } from "../ranks/partition.ts";

/**
 * What training carries from step to step, as flat vectors of equal length. Where several ranks
 * train together, a rank has all weights, and of the other vectors the parts that it updates
 * (`ranks/partition.ts`).
 */
export interface TrainingState {
  /** The weights being trained. */
  parameters: Float32Array;
  /** Their exponential moving average: what sampling uses. */
  ema: Float32Array;
  /** Adam's first moment. */
  m: Float32Array;
  /** Adam's second moment. */
  v: Float32Array;
  /** The power-function averages of lengths 0.05 and 0.10, where they are kept. */
  emaShort?: Float32Array;
  emaLong?: Float32Array;
  /** Updates carried out. */
  step: number;
}

/** The vectors that a state may have, in the order of a checkpoint. */
export const vectorNames = ["parameters", "ema", "m", "v", "emaShort", "emaLong"] as const;
export type VectorName = (typeof vectorNames)[number];

/** A vector of a state; of what is dealt out over ranks, this rank's parts. */
export function vectorNamed(state: TrainingState, name: VectorName): Float32Array {
  const found = state[name];
  if (found === undefined) throw new Error(`the state has no vector ${name}`);
  return found;
}

/** The power-function averages among them. */
export const powerAverages = ["emaShort", "emaLong"] as const satisfies readonly VectorName[];
export type PowerAverage = (typeof powerAverages)[number];

/** The vectors that this state has. */
export function vectorsIn(state: Partial<Record<VectorName, Float32Array>>): VectorName[] {
  return vectorNames.filter((name) => state[name] !== undefined);
}

/** Weight of the old average in the new one, of each average. */
export interface Decays {
  /** 0.9999 in the paper. */
  readonly emaDecay: number;
  /** Of the power-function averages, where they are kept. */
  readonly shortDecay?: number;
  readonly longDecay?: number;
}

export interface Hyperparameters extends Decays {
  readonly learningRate: number;
  /** Largest global norm of the gradient; a longer one is scaled down. Infinity: never. */
  readonly clip: number;
}

/** How a step moves the weights. */
export interface AdamOptions extends Decays {
  /** Its number, from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** Factor of the gradient, from `clipScale`. */
  readonly scale: number;
}

export const BETA1 = 0.9;
export const BETA2 = 0.999;
export const EPSILON = 1e-8;

/** Adam's bias correction at step number `step` (from 1): of the rate, and of the root of v. */
export function biasCorrection(
  step: number,
  learningRate: number,
): { readonly rate: number; readonly correction: number } {
  return {
    rate: learningRate / (1 - BETA1 ** step),
    correction: 1 / Math.sqrt(1 - BETA2 ** step),
  };
}

/**
 * Adds up the gradients into the first of them, from `start` to `end`, and returns the sum of the
 * squares there: not finite as soon as one number is not.
 */
export function sumGradients(
  gradients: readonly Float32Array[],
  start: number,
  end: number,
): number {
  const [total, ...others] = gradients as [Float32Array, ...Float32Array[]];
  for (const other of others) for (let i = start; i < end; i++) total[i]! += other[i]!;
  let squares = 0;
  for (let i = start; i < end; i++) squares += total[i]! * total[i]!;
  return squares;
}

/** The sum of the squares of some pieces of a gradient, not finite as `sumGradients`'. */
export function sumOfSquares(gradient: Float32Array, pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { start, end }) => sum + sumGradients([gradient], start, end), 0);
}

/** The factor that brings a gradient of this norm within the clip. */
export function clipScale(norm: number, clip: number): number {
  return norm > clip ? clip / norm : 1;
}

/** Adam's step and the averages, from `start` to `end`. */
export function adamStep(
  { parameters, ema, m, v, emaShort, emaLong }: Omit<TrainingState, "step">,
  gradient: Float32Array,
  options: AdamOptions,
  start: number,
  end: number,
): void {
  const { step, learningRate, emaDecay, shortDecay = 0, longDecay = 0, scale } = options;
  const { rate, correction } = biasCorrection(step, learningRate);
  for (let i = start; i < end; i++) {
    const g = gradient[i]! * scale;
    const first = BETA1 * m[i]! + (1 - BETA1) * g;
    const second = BETA2 * v[i]! + (1 - BETA2) * g * g;
    m[i] = first;
    v[i] = second;
    const value = parameters[i]! - (rate * first) / (Math.sqrt(second) * correction + EPSILON);
    parameters[i] = value;
    ema[i] = emaStep(ema[i]!, value, emaDecay);
  }
  for (const [average, decay] of [
    [emaShort, shortDecay],
    [emaLong, longDecay],
  ] as const) {
    if (average === undefined) continue;
    for (let i = start; i < end; i++) average[i] = emaStep(average[i]!, parameters[i]!, decay);
  }
}

/** `adamStep` on a piece of the weights, whose averages and moments begin at `at`. */
export function updatePiece(
  { parameters, ema, m, v, emaShort, emaLong }: Omit<TrainingState, "step">,
  gradient: Float32Array,
  { start, end, at }: Piece,
  options: AdamOptions,
): void {
  const count = end - start;
  const part = (packed: Float32Array) => packed.subarray(at, at + count);
  const state = {
    parameters: parameters.subarray(start, end),
    ema: part(ema),
    m: part(m),
    v: part(v),
    ...(emaShort && { emaShort: part(emaShort) }),
    ...(emaLong && { emaLong: part(emaLong) }),
  };
  adamStep(state, gradient.subarray(start, end), options, 0, count);
}

/** The average after a weight has become `value`: decay * average + (1 - decay) * value. */
function emaStep(average: number, value: number, decay: number): number {
  return value + decay * (average - value);
}

/**
 * The decay at an update, after `step` updates: min(decay, (1 + step) / (10 + step)), the common
 * ramp (TensorFlow's ExponentialMovingAverage). The average starts as the untrained weights, which
 * it would otherwise remember for some 1 / (1 - decay) updates.
 */
export function emaDecayAt({ emaDecay }: Pick<Optimizer, "emaDecay">, step: number): number {
  return Math.min(emaDecay, (1 + step) / (10 + step));
}

/**
 * Adam's learning rate for the update that ends at `images` images: a linear rise, then constant
 * or, with `annealImages`, a linear fall to 0 ("linear decay to zero", Defazio et al. 2023).
 */
export function learningRateAt(
  {
    learningRate,
    warmUpImages,
    annealImages,
  }: Pick<Optimizer, "learningRate" | "warmUpImages" | "annealImages">,
  images: number,
): number {
  if (images < warmUpImages) return learningRate * (images / warmUpImages);
  if (annealImages === undefined) return learningRate;
  const left = (annealImages - images) / (annealImages - warmUpImages);
  return learningRate * Math.max(0, left);
}

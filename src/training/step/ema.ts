/** The exponential moving average (EMA) of the weights: the weights that sampling uses. */
import type { Optimizer } from "../../models/settings/optimizer.ts";

/** The average after a weight has become `value`: decay * average + (1 - decay) * value. */
export function emaStep(average: number, value: number, decay: number): number {
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

/** What the graphs cost: operations, memory traffic, and bytes alive at once. */
import { flops, liveAtPeak, peakLiveSize, size, traffic } from "../graph/index.ts";
import {
  type Traced,
  type TrainingGraphOptions,
  traceSampling,
  traceTraining,
  weightResidency,
} from "./graphs.ts";
import type { NetworkConfig } from "./network.ts";
import { type ParameterSpec, parameterCount } from "./parameters.ts";
import { parameterSpecs } from "./registry.ts";

/**
 * Floating point operations an image in a network call and in a training step, as the graphs carry
 * them out: their 3x3 convolutions take half the multiplications of the definition.
 */
export function operationsPerImage(
  config: NetworkConfig,
  batch: number,
): { readonly train: number; readonly sample: number } {
  const specs = parameterSpecs(config);
  const weights = weightResidency(specs);
  const constants = weights === "inputs" ? weights : new Float32Array(parameterCount(specs));
  const perImage = ({ outputs }: Traced) => flops(Object.values(outputs)) / batch;
  return {
    train: perImage(traceTraining(config, specs, { batch, loss: "l2", weights })),
    sample: perImage(traceSampling(config, specs, constants, batch)),
  };
}

/** Bytes that a low-memory call holds: its weights, with kernels also transformed, and maps. */
export function lowMemoryInferenceBytes(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
): { readonly weights: number; readonly maps: number } {
  const { outputs, parameters } = traceSampling(config, specs, "inputs", 1);
  const numbers = parameters.map(({ shape, form }) => size(shape) * (form === "winograd" ? 2 : 1));
  return {
    weights: 4 * numbers.reduce((sum, each) => sum + each, 0),
    maps: 4 * peakLiveSize(Object.values(outputs)),
  };
}

/** What `trainingGraphBytes` has counted: a plan asks several times. */
const counted = new Map<string, number>();

/** Bytes alive at once in a training step; its inputs and outputs are not counted. */
export function trainingGraphBytes(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  options: TrainingGraphOptions,
): number {
  const key = JSON.stringify([config, options]);
  const known = counted.get(key);
  if (known !== undefined) return known;
  const bytes = 4 * peakLiveSize(Object.values(traceTraining(config, specs, options).outputs));
  counted.set(key, bytes);
  return bytes;
}

/** Of a forward and backward pass: see `flops`, `traffic` (here bytes), `trainingGraphBytes`. */
export interface TrainingCost {
  readonly flops: number;
  readonly traffic: number;
  readonly live: number;
  /** The same by the ops that the values come from. */
  readonly liveByOp: ReadonlyMap<string, number>;
}

export function trainingCost(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  options: TrainingGraphOptions,
): TrainingCost {
  const outputs = Object.values(traceTraining(config, specs, options).outputs);
  return {
    flops: flops(outputs),
    traffic: 4 * traffic(outputs),
    live: 4 * peakLiveSize(outputs),
    liveByOp: new Map([...liveAtPeak(outputs)].map(([op, numbers]) => [op, 4 * numbers])),
  };
}

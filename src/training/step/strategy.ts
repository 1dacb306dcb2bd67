/**
 * Which strategy trains a network, chosen here alone, and the state that a training begins with.
 */
import { size } from "../../graph/index.ts";
import type { Optimizer } from "../../models/settings/optimizer.ts";
import { weightResidency } from "../../nn/graphs.ts";
import type { NetworkConfig } from "../../nn/network.ts";
import { initialParameter, parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import type { Device } from "../../runtime/runtime.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { pause } from "../../util/pause.ts";
import type { Communicator } from "../ranks/communicator.ts";
import { type Partition, partition } from "../ranks/partition.ts";
import type { RunConfig } from "../run-config.ts";
import { dataParallel } from "./data-parallel.ts";
import { deviceResident } from "./device-resident.ts";
import { lowMemory } from "./low-memory.ts";
import type { TrainingState } from "./optimizer.ts";
import type { StepperOptions, StepStrategy } from "./types.ts";

/**
 * Device-resident on another device than the processor; there, low memory where the weights are too
 * many to be held several times, else data-parallel.
 */
export function stepStrategy(network: NetworkConfig, device: Device = "cpu"): StepStrategy {
  if (device !== "cpu") return deviceResident;
  return weightResidency(parameterSpecs(network)) === "inputs" ? lowMemory : dataParallel;
}

/**
 * What a run's configuration says of its steps, the same on every rank but for the images a batch.
 */
export function stepperOptions(
  { network, objective, machine }: Pick<RunConfig, "network" | "objective" | "machine">,
  batch: number,
): Omit<StepperOptions, "state" | "device" | "precision" | "ranks"> {
  return {
    ...{ network, batch, loss: objective.loss, threads: machine.threads },
    consistency: objective.consistencyImages !== undefined,
    ...omitUndefined({ recompute: machine.recompute }),
  };
}

/** How the vectors of a network are dealt out over ranks; one rank alone has all. */
export function partitionOf(network: NetworkConfig, communicator?: Communicator): Partition {
  return partition(parameterCount(parameterSpecs(network)), communicator);
}

/**
 * Zeros for weights, averages and moments, in vectors of the strategy. All but the weights are as
 * long as what the rank owns of them.
 */
export function emptyState(
  network: NetworkConfig,
  strategy: Pick<StepStrategy, "vector"> = stepStrategy(network),
  { length, owned }: Pick<Partition, "length" | "owned"> = partitionOf(network),
  { postHocEma }: Pick<Optimizer, "postHocEma"> = {},
): TrainingState {
  const part = () => strategy.vector(owned);
  return {
    ...{ parameters: strategy.vector(length), ema: part(), m: part(), v: part(), step: 0 },
    ...(postHocEma && { emaShort: part(), emaLong: part() }),
  };
}

export interface InitializeOptions {
  /** Aborting leaves the weights half made. */
  readonly signal?: AbortSignal;
  /** Told how many of all parameters are set. */
  readonly onPart?: (done: number, total: number) => void;
}

/**
 * Sets the fresh weights of a seed. Large networks take a while, in which others have their turn.
 */
export async function initialize(
  { parameters }: Pick<TrainingState, "parameters">,
  { network, seed }: { readonly network: NetworkConfig; readonly seed: number },
  { signal, onPart }: InitializeOptions = {},
): Promise<void> {
  for (const spec of parameterSpecs(network)) {
    const { offset, shape } = spec;
    onPart?.(offset, parameters.length);
    initialParameter(spec, seed, parameters.subarray(offset, offset + size(shape)));
    await pause();
    if (signal?.aborted) return;
  }
}

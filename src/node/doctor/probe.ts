/**
 * One device tried with a network: a call of it and training steps, with their numbers and times.
 */

import type { NetworkConfig } from "../../nn/network.ts";
import type { Device } from "../../runtime/runtime.ts";
import { networkCalls, trainingSteps } from "../benchmark/throughput.ts";
import type { Adapter } from "./adapters.ts";

export interface ProbeRequest {
  readonly device: Device;
  readonly network: NetworkConfig;
  /** Images of a run. */
  readonly batch: number;
  readonly threads: number;
}

/** What a probe says on its way. */
export type ProbeMessage =
  | { readonly adapters: readonly Adapter[] }
  | { readonly stage: ProbeStage }
  | { readonly result: ProbeResult }
  /** In one line. */
  | { readonly failure: string };

export type ProbeStage = "sampling" | "training";

export interface ProbeResult {
  /** The network's output. */
  readonly output: Float32Array;
  readonly losses: Float32Array;
  /** Adam's first moment after the first step: a tenth of the clipped gradient. */
  readonly moment: Float32Array;
  readonly gradientNorm: number;
  /** Images a second, after a first run that is not counted. */
  readonly sampling: number;
  readonly training: number;
  /** Largest memory of the process. */
  readonly peakMemoryBytes: number;
}

const TIMED = 2;

/** @throws PaletteError when the device is not there or does not take the graphs. */
export async function probe(
  request: ProbeRequest,
  onStage: (stage: ProbeStage) => void,
): Promise<ProbeResult> {
  onStage("sampling");
  const calls = await networkCalls(request);
  const output = (await calls.step()) as Float32Array;
  const sampling = await imagesPerSecond(request.batch, () => calls.step());
  await calls.dispose();
  onStage("training");
  const { stepper, step, dispose } = await trainingSteps(request);
  const { losses, gradientNorm } = await step();
  await stepper.fetch?.();
  const moment = Float32Array.from(stepper.state.m);
  const training = await imagesPerSecond(request.batch, step);
  await dispose();
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  return { output, losses, moment, gradientNorm, sampling, training, peakMemoryBytes };
}

async function imagesPerSecond(batch: number, run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < TIMED; i++) await run();
  return (1000 * TIMED * batch) / (performance.now() - start);
}

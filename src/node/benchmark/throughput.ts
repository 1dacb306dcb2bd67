/**
 * How fast a network trains and samples on this machine, measured on random numbers: what is timed
 * is a whole training step (forward, backward, clipping, Adam, EMA) or a whole network call, as a
 * run would do them.
 */

import { configFromPreset } from "../../models/config.ts";
import type { WeightSource } from "../../models/model.ts";
import { presetNamed } from "../../models/presets.ts";
import { type NetworkConfig, noiseEmbeddingInput } from "../../nn/network.ts";
import { initialParameter, type ParameterSpec, parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { createNetwork } from "../../runtime/network.ts";
import { nodeRuntime } from "../../runtime/node/index.ts";
import { spawnReplica } from "../../runtime/node/replica.ts";
import type { Device, EngineTensors } from "../../runtime/runtime.ts";
import { emptyState, stepStrategy } from "../../training/step/strategy.ts";
import type { StepResult, TrainingStepper } from "../../training/step/types.ts";
import { Random } from "../../util/random.ts";

export interface ThroughputOptions {
  readonly network: NetworkConfig;
  readonly mode: "train" | "sample";
  /** Images a step. */
  readonly batch: number;
  readonly threads: number;
  /** Timed steps. */
  readonly steps: number;
  /** Untimed steps before them. */
  readonly warmUp: number;
  /** Training only: see `StepperOptions`. */
  readonly recompute?: boolean;
  readonly device?: Device;
  /** Called after each step, the untimed ones included. */
  readonly onStep?: (done: number, total: number) => void;
}

export interface Throughput {
  readonly mode: "train" | "sample";
  readonly parameters: number;
  readonly batch: number;
  readonly threads: number;
  /** Of each timed step. */
  readonly secondsPerStep: readonly number[];
  /** Images a second, from the median step. */
  readonly imagesPerSecond: number;
  /** Largest memory of this process so far, all threads included. */
  readonly peakMemoryBytes: number;
}

/** Measures training steps or network calls; the first ones are not timed. */
export async function measureThroughput(options: ThroughputOptions): Promise<Throughput> {
  const { mode, network, batch, threads, steps, warmUp } = options;
  const specs = parameterSpecs(network);
  const { step, dispose } =
    mode === "train" ? await trainingSteps(options) : await networkCalls(options);
  const seconds: number[] = [];
  try {
    for (let i = 0; i < warmUp + steps; i++) {
      const start = performance.now();
      await step();
      if (i >= warmUp) seconds.push((performance.now() - start) / 1000);
      options.onStep?.(i + 1, warmUp + steps);
    }
  } finally {
    await dispose();
  }
  return {
    mode,
    parameters: parameterCount(specs),
    batch,
    threads,
    secondsPerStep: seconds,
    imagesPerSecond: batch / median(seconds),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** What is measured of a network. */
type StepOptions = Pick<
  ThroughputOptions,
  "network" | "batch" | "threads" | "recompute" | "device"
>;

interface Steps<T> {
  step(): Promise<T>;
  dispose(): Promise<unknown>;
}

/** Training steps of fresh weights, all on the same batch. */
export async function trainingSteps(
  options: StepOptions,
): Promise<Steps<StepResult> & { readonly stepper: TrainingStepper }> {
  const { network, batch, threads, recompute, device } = options;
  const strategy = stepStrategy(network, device);
  const state = emptyState(network, strategy);
  for (const spec of parameterSpecs(network))
    state.parameters.set(randomWeights(spec), spec.offset);
  state.ema.set(state.parameters);
  const stepper = await strategy.createStepper(
    { network, batch, threads, loss: "l2", recompute, state, device },
    spawnReplica,
  );
  const images = randomInputs(network, batch, "train");
  const pixels = network.channels * network.resolution ** 2;
  const trainingBatch = {
    source: images.source!.data,
    noisy: images.noisy!.data,
    conditioning: images.conditioning!.data,
    target: Random.from("benchmark", "target").fillNormal(new Float32Array(batch * pixels)),
    weight: new Float32Array((batch * pixels) / network.channels).fill(1 / (batch * pixels)),
  };
  const hyper = { learningRate: 1e-4, emaDecay: 0.9999, clip: 1 };
  return {
    stepper,
    step: () => stepper.step([trainingBatch], hyper),
    dispose: () => stepper.dispose(),
  };
}

/** Calls of a loaded network for images that belong together, such as the tiles of a photo. */
export async function networkCalls(options: StepOptions): Promise<Steps<Float32Array>> {
  const { network, batch, threads, device } = options;
  // The schedules, the prediction and the tasks do not matter to a call.
  const config = { ...configFromPreset(presetNamed("tiny-32"), { tasks: [] }), network };
  // Made one by one, as a large model's are read.
  const weights: WeightSource = {
    async read(specs, receive) {
      for (const spec of specs) receive(spec, randomWeights(spec));
    },
  };
  const loaded = await createNetwork(nodeRuntime, { config, weights }, { device, threads });
  const { source, noisy } = randomInputs(network, batch, "sample");
  const call = {
    source: source!.data,
    noisy: noisy!.data,
    gamma: 0.5,
    shape: [batch, network.channels, network.resolution, network.resolution],
    units: [batch],
  } as const;
  return { step: () => loaded.predict(call), dispose: () => loaded.dispose() };
}

/** As at the start of a training, but none is zero, so that every layer shows in the output. */
function randomWeights(spec: ParameterSpec): Float32Array {
  const { initializer } = spec;
  return initialParameter(
    initializer === "zeros" ? { ...spec, initializer: { fanIn: 64 } } : spec,
    1,
  );
}

function randomInputs(network: NetworkConfig, batch: number, name: string): EngineTensors {
  const shape = [batch, network.channels, network.resolution, network.resolution];
  const random = Random.from("benchmark", name);
  const image = () => ({
    data: random.fillNormal(new Float32Array(shape.reduce((a, b) => a * b))),
    shape,
  });
  const conditioning = new Float32Array(batch).fill(noiseEmbeddingInput(network, 0.5));
  return { source: image(), noisy: image(), conditioning: { data: conditioning, shape: [batch] } };
}

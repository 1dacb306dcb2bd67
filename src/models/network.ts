/**
 * A model ready to be called: its weights baked into a compiled graph of one image. Several images go
 * through several engines side by side, which is as fast as one engine with a larger batch, and an
 * image's numbers do not depend on what else is asked for: sums over a batch of one are carried out
 * in another order than over more, and differ in the last bit.
 */
import { availableParallelism } from "node:os";
import { createEngine, type Engine } from "../engine/engine.ts";
import type { SessionOptions } from "../engine/session.ts";
import { PaletteError } from "../errors.ts";
import { assertFits } from "../memory.ts";
import { noiseLevel, sideMultiple } from "../nn/config.ts";
import { type ParameterSpec, parameterCount } from "../nn/parameters.ts";
import {
  isLarge,
  largeSamplingProgram,
  largeSession,
  largeWeights,
  samplingProgram,
} from "../nn/programs.ts";
import { parameterSpecs } from "../nn/unet.ts";
import type { ModelConfig } from "./config.ts";
import { samplingMemory } from "./describe.ts";
import { loadModel, loadModelConfig, type Model } from "./model-folder.ts";
import { weightInputs } from "./weight-inputs.ts";

/**
 * One call of the network for N images of C channels: H and W are the model's resolution, which it was
 * trained for, or anything else that its levels divide.
 */
export interface NetworkCall {
  /** The condition x, [N, C, H, W]. */
  readonly source: Float32Array;
  /** The noisy image y_t, [N, C, H, W]. */
  readonly noisy: Float32Array;
  /** The noise level, 0 (noise) to 1 (clean): of all images, or of each of the N. */
  readonly gamma: number | readonly number[];
  /** [N, C, H, W] */
  readonly shape: readonly [number, number, number, number];
  /** [N, 1, H, W]: where it is 0 the output is not looked at, and may be anything. */
  readonly wanted?: Float32Array | undefined;
  /** Called whenever an image is done. What it throws ends the call. */
  readonly onImage?: (() => void) | undefined;
}

export interface Network {
  readonly config: ModelConfig;
  /**
   * The network's output as it is, [N, C, H, W] (see `config.prediction`). The inputs are only read,
   * and only until the promise settles. An image's output is the same, to the bit, in any batch and
   * with any number of threads (of a large model, see `isLarge`: with the same number).
   * @throws PaletteError when a shape or a noise level is impossible.
   */
  predict(call: NetworkCall): Promise<Float32Array>;
  /** Ends the engines' threads. */
  dispose(): Promise<void>;
}

export interface NetworkOptions extends Pick<SessionOptions, "device" | "threads"> {
  /**
   * Bytes of weights above which a model is a large one (default 128e6), see `isLarge`. Engines side by
   * side hold twice as much together at most.
   */
  readonly largeWeights?: number;
}

/** Makes so many engines for images of a size; the engines of a large model are one. */
type Compile = (count: number, size: readonly [number, number]) => Promise<Engine[]>;

/**
 * Loads a model folder, or takes a model in memory, for calling. The graph is compiled at the
 * first call for a size of images.
 * @param options.threads of all engines together; default: as many as the machine has cores
 * @throws PaletteError as `loadModel`, and when it would not fit in memory.
 */
export async function loadNetwork(
  model: string | Model,
  {
    device = "cpu",
    threads = availableParallelism(),
    largeWeights: limit = largeWeights,
  }: NetworkOptions = {},
): Promise<Network> {
  const config = typeof model === "string" ? await loadModelConfig(model) : model.config;
  const { network } = config;
  const specs = parameterSpecs(network);
  if (typeof model !== "string" && model.parameters.length !== parameterCount(specs)) {
    throw new PaletteError(
      `The network has ${parameterCount(specs)} parameters, but ${model.parameters.length} weights were given.`,
    );
  }
  assertFits(samplingMemory(network), `Sampling with ${config.name}`);
  const { channels } = network;
  const multiple = sideMultiple(network);
  // Two engines of one thread are faster than one of two, so every network that is not large has two.
  const affordable = Math.floor((2 * limit) / (4 * parameterCount(specs)));
  const lanes = Math.max(1, Math.min(threads, affordable));
  const compile: Compile = isLarge(specs, limit) ? await large() : await small();
  const pools = new Map<string, Promise<Engine[]>>();

  /** So many engines for images of this size, sharing the threads; compiled once. */
  function engines(count: number, size: readonly [number, number]): Promise<Engine[]> {
    const key = `${count} of ${size.join("x")}`;
    const known = pools.get(key);
    if (known !== undefined) return known;
    const pool = compile(count, size);
    pools.set(key, pool);
    pool.catch(() => pools.delete(key));
    return pool;
  }

  /** The weights are baked into the graph. */
  async function small(): Promise<Compile> {
    const { parameters } = typeof model === "string" ? await loadModel(model) : model;
    return async (count, size) => {
      const program = samplingProgram(network, specs, parameters, 1, { size });
      const made = await Promise.allSettled(
        Array.from({ length: count }, () =>
          createEngine(program, { device, threads: Math.floor(threads / count) }),
        ),
      );
      const engines = made.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const failed = made.find((one) => one.status === "rejected");
      if (failed === undefined) return engines;
      await Promise.all(engines.map((engine) => engine.dispose()));
      throw failed.reason;
    };
  }

  /** The weights move on to the one engine. */
  async function large(): Promise<Compile> {
    const weights = (parameters: readonly ParameterSpec[]) =>
      weightInputs(parameters, specs, typeof model === "string" ? model : model.parameters);
    const own = largeSamplingProgram(network, specs, 1);
    // A file is read now, so that what is wrong with it is said now.
    let read = typeof model === "string" ? await weights(own.parameters) : undefined;
    return async (_count, size) => {
      const asked = size.every((side) => side === network.resolution)
        ? own
        : largeSamplingProgram(network, specs, 1, size);
      const constants = (asked === own ? read : undefined) ?? (await weights(asked.parameters));
      if (asked === own) read = undefined;
      return [await createEngine(asked.model, { ...largeSession, device, threads }, constants)];
    };
  }

  async function predict(call: NetworkCall): Promise<Float32Array> {
    const { source, noisy, gamma, shape, onImage } = call;
    const [count, given, ...size] = shape;
    const sides = size.every((side) => side >= multiple && side % multiple === 0);
    if (!(Number.isInteger(count) && count >= 1) || given !== channels || !sides) {
      throw new PaletteError(
        `${config.name} takes batches of ${channels}xHxW with H and W multiples of ${multiple} (best ${network.resolution}), not of ${shape.join("x")}.`,
      );
    }
    const image = [channels, ...size];
    const values = channels * size[0] * size[1];
    for (const { length } of [source, noisy]) {
      if (length !== count * values) {
        throw new PaletteError(
          `A batch of ${shape.join("x")} has ${count * values} numbers, but ${length} were given.`,
        );
      }
    }
    const level = levels(config, gamma, count);
    const output = new Float32Array(count * values);
    let next = 0;
    const work = async (engine: Engine) => {
      while (next < count) {
        const k = next++;
        const cut = (data: Float32Array) => ({
          data: data.slice(k * values, (k + 1) * values),
          shape: [1, ...image],
        });
        const results = await engine.run({
          source: cut(source),
          noisy: cut(noisy),
          level: { data: level.slice(k, k + 1), shape: [1] },
        });
        output.set(results.output!.data, k * values);
        onImage?.();
      }
    };
    await Promise.all((await engines(count === 1 ? 1 : lanes, size)).map(work));
    return output;
  }

  let disposed = false;
  return {
    config,
    predict(call) {
      if (disposed) return Promise.reject(new PaletteError(`${config.name} was disposed of.`));
      return predict(call);
    },
    async dispose() {
      disposed = true;
      const settled = await Promise.allSettled(pools.values());
      pools.clear();
      const all = settled.flatMap((pool) => (pool.status === "fulfilled" ? pool.value : []));
      await Promise.all(all.map((engine) => engine.dispose()));
    },
  };
}

/** The Regression baseline's answer: trained without noise, it sees zeros at gamma 0. */
export function regress(
  network: Network,
  source: Float32Array,
  shape: NetworkCall["shape"],
): Promise<Float32Array> {
  return network.predict({ source, noisy: new Float32Array(source.length), gamma: 0, shape });
}

/** The numbers that enter the network for the noise levels. */
function levels(
  config: ModelConfig,
  gamma: number | readonly number[],
  count: number,
): Float32Array {
  const gammas = typeof gamma === "number" ? new Array<number>(count).fill(gamma) : gamma;
  if (gammas.length !== count) {
    throw new PaletteError(
      `${count} images need one noise level or ${count}, but ${gammas.length} were given.`,
    );
  }
  const wrong = gammas.find((value) => !(value >= 0 && value <= 1));
  if (wrong !== undefined) {
    throw new PaletteError(`A noise level gamma is between 0 and 1, not ${wrong}.`);
  }
  return Float32Array.from(gammas, (value) => noiseLevel(config.network, value));
}

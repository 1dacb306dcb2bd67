/** A model ready to be called: weights baked into compiled graphs, one a batch size. */
import { availableParallelism } from "node:os";
import { createEngine, type Engine } from "../engine/engine.ts";
import type { SessionOptions } from "../engine/session.ts";
import { PaletteError } from "../errors.ts";
import { noiseLevel } from "../nn/config.ts";
import { parameterCount } from "../nn/parameters.ts";
import { samplingProgram } from "../nn/programs.ts";
import { parameterSpecs } from "../nn/unet.ts";
import type { ModelConfig } from "./config.ts";
import { loadModel, type Model } from "./model-folder.ts";

/** One call of the network for N images of C channels, at the model's resolution. */
export interface NetworkCall {
  /** The condition x, [N, C, H, W]. */
  readonly source: Float32Array;
  /** The noisy image y_t, [N, C, H, W]. */
  readonly noisy: Float32Array;
  /** The noise level, 0 (noise) to 1 (clean): of all images, or of each of the N. */
  readonly gamma: number | readonly number[];
  /** [N, C, H, W] */
  readonly shape: readonly [number, number, number, number];
}

export interface Network {
  readonly config: ModelConfig;
  /**
   * The network's output as it is, [N, C, H, W] (see `config.prediction`). The inputs are only read,
   * and only until the promise settles. An image's output is the same in any batch.
   * @throws PaletteError when a shape or a noise level is impossible.
   */
  predict(call: NetworkCall): Promise<Float32Array>;
  /** Ends the engines' threads. */
  dispose(): Promise<void>;
}

/** One engine computes at most this many pixels a call: more gain nothing and need memory. */
const pixelsPerCall = 8 * 64 * 64;
const imagesPerCall = 16;
/** Each engine holds the weights once more. */
const keptEngines = 3;
/** A graph with its weights is one protobuf message, which cannot be longer. */
const largestGraph = 2 ** 31 - 1;

/**
 * Loads a model folder, or takes a model in memory, for calling. Graphs are compiled at the first
 * call with their batch size.
 * @param options.threads of the engine; default: as many as the machine has cores
 * @throws PaletteError as `loadModel`, and when the model is too large for a graph.
 */
export async function loadNetwork(
  model: string | Model,
  { device = "cpu", threads = availableParallelism() }: SessionOptions = {},
): Promise<Network> {
  const { config, parameters } = typeof model === "string" ? await loadModel(model) : model;
  const { network } = config;
  const specs = parameterSpecs(network);
  if (parameters.length !== parameterCount(specs)) {
    throw new PaletteError(
      `The network has ${parameterCount(specs)} parameters, but ${parameters.length} weights were given.`,
    );
  }
  if (parameters.byteLength > largestGraph) {
    throw new PaletteError(
      `${config.name} has ${parameters.length} parameters: this version runs models of at most 2 GB of weights.`,
    );
  }
  const { channels, resolution } = network;
  const image = [channels, resolution, resolution] as const;
  const values = channels * resolution ** 2;
  const largest = Math.min(imagesPerCall, Math.max(1, Math.floor(pixelsPerCall / resolution ** 2)));
  const engines = new EngineCache((batch) =>
    createEngine(samplingProgram(network, specs, parameters, batch), { device, threads }),
  );

  async function predict({ source, noisy, gamma, shape }: NetworkCall): Promise<Float32Array> {
    const [count, ...rest] = shape;
    if (!(Number.isInteger(count) && count >= 1) || rest.join() !== image.join()) {
      throw new PaletteError(
        `${config.name} takes batches of ${image.join("x")}, not of ${shape.join("x")}.`,
      );
    }
    for (const given of [source, noisy]) {
      if (given.length !== count * values) {
        throw new PaletteError(
          `A batch of ${shape.join("x")} has ${count * values} numbers, but ${given.length} were given.`,
        );
      }
    }
    const level = levels(config, gamma, count);
    const output = new Float32Array(count * values);
    const parts = Math.ceil(count / largest);
    for (let part = 0, start = 0; part < parts; part++) {
      // As even as whole numbers allow: few batch sizes, few graphs.
      const end = Math.ceil(((part + 1) * count) / parts);
      const batch = end - start;
      const cut = (data: Float32Array) => ({
        data: data.slice(start * values, end * values),
        shape: [batch, ...image],
      });
      const engine = await engines.get(batch);
      const results = await engine.run({
        source: cut(source),
        noisy: cut(noisy),
        level: { data: level.slice(start, end), shape: [batch] },
      });
      output.set(results.output!.data, start * values);
      start = end;
    }
    return output;
  }

  // One call after the other: an engine is never disposed of while another call uses it.
  let queue: Promise<unknown> = Promise.resolve();
  let disposed = false;
  return {
    config,
    predict(call) {
      const result = queue.then(() => {
        if (disposed) throw new PaletteError(`${config.name} was disposed of; load it again.`);
        return predict(call);
      });
      queue = result.catch(() => {});
      return result;
    },
    dispose() {
      disposed = true;
      return engines.clear();
    },
  };
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

/** The engines used last, by batch size. */
class EngineCache {
  private readonly engines = new Map<number, Promise<Engine>>();
  private readonly create: (batch: number) => Promise<Engine>;

  constructor(create: (batch: number) => Promise<Engine>) {
    this.create = create;
  }

  async get(batch: number): Promise<Engine> {
    const engine = this.engines.get(batch) ?? this.create(batch);
    // Inserted anew: the first key is always the one unused for longest.
    this.engines.delete(batch);
    this.engines.set(batch, engine);
    engine.catch(() => this.engines.delete(batch));
    for (const [oldest, old] of this.engines) {
      if (this.engines.size <= keptEngines) break;
      this.engines.delete(oldest);
      await (await old).dispose();
    }
    return engine;
  }

  async clear(): Promise<void> {
    const all = await Promise.allSettled(this.engines.values());
    this.engines.clear();
    for (const engine of all) if (engine.status === "fulfilled") await engine.value.dispose();
  }
}

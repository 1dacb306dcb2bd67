/**
 * A model ready to be called. Several images go through several engines side by side. Each goes
 * alone unless they belong together, so that its numbers do not depend on what else is asked for:
 * sums over several images are carried out in another order, with another last bit.
 */

import type { ModelConfig } from "../models/config.ts";
import type { Model, StoredModel } from "../models/model.ts";
import { samplingMemory, type WeightPlace } from "../models/summary.ts";
import { noiseEmbeddingInput } from "../nn/network.ts";
import { parameterCount } from "../nn/parameters.ts";
import { parameterSpecs, sideMultiple } from "../nn/registry.ts";
import { PaletteError } from "../util/errors.ts";
import { EnginePools, type NetworkOptions } from "./pool.ts";
import type { Engine, Runtime } from "./runtime.ts";

export type { NetworkOptions } from "./pool.ts";

/**
 * One call of the network for N images of C channels: H and W are the model's resolution, which it
 * was trained for, or anything else that its levels divide.
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
  /**
   * Numbers of consecutive images that belong together, such as the tiles of a picture; N in all.
   * They may go through the network together, which takes a quarter less time at 64x64; what they
   * are together with then shows in an output's last bits. Each is alone unless given.
   */
  readonly units?: readonly number[];
  /** Shape [N, 1, H, W]. Where it is 0 the output is not used and may be anything. */
  readonly wanted?: Float32Array;
  /** Called whenever an image is done. What it throws ends the call. */
  readonly onImage?: () => void;
}

export interface Network {
  readonly config: ModelConfig;
  /**
   * The network's output as it is, [N, C, H, W] (see `objective.prediction`). The inputs are only
   * read, and only until the promise settles. The output of an image, or of a unit, is the same to
   * the bit in any batch and with any number of threads; of a large model (`weightResidency`), with
   * the same number; on a GPU it is the same to rounding.
   * @throws PaletteError when a shape or a noise level is impossible.
   */
  predict(call: NetworkCall): Promise<Float32Array>;
  /** Checks an estimate of memory on the network's platform: see `Runtime`. */
  readonly assertFits?: Runtime["assertFits"];
  /** For estimates of memory: see `samplingMemory`. */
  readonly weightPlace?: WeightPlace;
  /** Ends the engines' threads. */
  dispose(): Promise<void>;
}

/** Images that go through a graph at once: the first and how many, which is at most the graph's. */
interface Run {
  readonly first: number;
  readonly count: number;
  readonly images: number;
}

/**
 * A network that can be called. The graph is compiled at the first call for a size of images.
 * @param model in memory, or stored where a runtime of this platform can read it
 * @param options.threads of all engines together; default: as many as the machine has cores
 * @throws PaletteError when the weights are not the network's or it does not fit in memory.
 */
export async function createNetwork(
  runtime: Runtime,
  model: Model | StoredModel,
  options: NetworkOptions = {},
): Promise<Network> {
  const { config } = model;
  const { channels, resolution } = config.network;
  const parameters = parameterCount(parameterSpecs(config.network));
  if ("parameters" in model && model.parameters.length !== parameters) {
    throw new PaletteError(
      `The network has ${parameters} parameters, but ${model.parameters.length} weights were given.`,
    );
  }
  const weightPlace = runtime.readsInPlace?.(options.device) ? "beside the graph" : "in the graph";
  runtime.assertFits(samplingMemory(config.network, weightPlace), `Sampling with ${config.name}`);
  const multiple = sideMultiple(config.network);
  const pools = await EnginePools.open(runtime, model, options);

  async function predict(call: NetworkCall): Promise<Float32Array> {
    const { source, noisy, gamma, shape, units, onImage } = call;
    const [count, given, ...size] = shape;
    const sides = size.every((side) => side >= multiple && side % multiple === 0);
    if (!(Number.isInteger(count) && count >= 1) || given !== channels || !sides) {
      throw new PaletteError(
        `${config.name} takes batches of ${channels}xHxW with H and W multiples of ${multiple} (best ${resolution}), not of ${shape.join("x")}.`,
      );
    }
    const values = channels * size[0] * size[1];
    for (const { length } of [source, noisy]) {
      if (length !== count * values) {
        throw new PaletteError(
          `A batch of ${shape.join("x")} has ${count * values} numbers, but ${length} were given.`,
        );
      }
    }
    const conditioning = levels(config, gamma, count);
    const sharing = pools.exact ? units : [count];
    const runs = unitsOf(sharing, count).flatMap(({ first, count: together }) =>
      runsOf(first, together, pools.imagesARun(together, size)),
    );
    const output = new Float32Array(count * values);
    const lanes = runs.length === 1 ? 1 : pools.lanes;
    const sizes = [...new Set(runs.map(({ images }) => images))];
    const kinds = sizes.map((images) => ({ images, size }));
    let next = 0;
    const work = async (engines: ReadonlyMap<number, Engine[]>, lane: number) => {
      while (next < runs.length) {
        const { first, count: some, images } = runs[next++]!;
        /** Whatever is behind the last image is computed and left. */
        const cut = (data: Float32Array, each: number) => {
          const part = data.subarray(first * each, (first + some) * each);
          const whole = new Float32Array(images * each);
          whole.set(part);
          return whole;
        };
        const shaped = [images, channels, ...size];
        const results = await engines.get(images)![lane]!.run({
          source: { data: cut(source, values), shape: shaped },
          noisy: { data: cut(noisy, values), shape: shaped },
          conditioning: { data: cut(conditioning, 1), shape: [images] },
        });
        output.set(results.output!.data.subarray(0, some * values), first * values);
        for (let k = 0; k < some; k++) onImage?.();
      }
    };
    await pools.use(lanes, kinds, async (compiled) => {
      const engines = new Map(sizes.map((images, k) => [images, compiled[k]!]));
      const working = Math.min(...compiled.map((pool) => pool.length));
      await Promise.all(Array.from({ length: working }, (_, lane) => work(engines, lane)));
    });
    return output;
  }

  let disposed = false;
  return {
    config,
    assertFits: runtime.assertFits,
    weightPlace,
    predict(call) {
      if (disposed) return Promise.reject(new PaletteError(`${config.name} was disposed of.`));
      return predict(call);
    },
    async dispose() {
      disposed = true;
      await pools.dispose();
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

/** The units of `count` images: where each begins, and how many images it has. */
function unitsOf(
  units: readonly number[] | undefined,
  count: number,
): { first: number; count: number }[] {
  const counts = units ?? new Array<number>(count).fill(1);
  let first = 0;
  const all = counts.map((each) => {
    const unit = { first, count: each };
    first += each;
    return unit;
  });
  if (first !== count || counts.some((each) => !(Number.isInteger(each) && each >= 1))) {
    throw new PaletteError(`Units of ${counts.join(", ")} are not ${count} images in all.`);
  }
  return all;
}

function runsOf(first: number, count: number, images: number): Run[] {
  return Array.from({ length: Math.ceil(count / images) }, (_, k) => ({
    first: first + k * images,
    count: Math.min(images, count - k * images),
    images,
  }));
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
  return Float32Array.from(gammas, (value) => noiseEmbeddingInput(config.network, value));
}

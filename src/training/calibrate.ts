/**
 * Prepares a model for sampling in 8 bits: the ranges of its convolutions' inputs and outputs over
 * photos at all noise levels, and which convolutions can be in int8 at all. The first and the last
 * one, those of 1x1 (attention, skips), and those whose own error is too large stay float32.
 */
import { ExampleSource } from "../data/examples.ts";
import type { PhotoReader } from "../data/photo-reader.ts";
import { pasteKnown } from "../diffusion/known-pixels.ts";
import { addNoise } from "../diffusion/parameterization.ts";
import { gammaAt } from "../diffusion/schedule.ts";
import type { ConvolutionRanges } from "../graph/index.ts";
import type { ImageCodec } from "../image/codec.ts";
import type { Model } from "../models/model.ts";
import type { Int8Settings } from "../models/settings/int8.ts";
import { calibrationGraph } from "../nn/calibration-graph.ts";
import { inferenceGraph } from "../nn/graphs.ts";
import { noiseEmbeddingInput } from "../nn/network.ts";
import { parameterSpecs } from "../nn/registry.ts";
import type { EngineTensors, Runtime } from "../runtime/runtime.ts";
import { taskNamed } from "../tasks/registry.ts";
import { PaletteError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { Random } from "../util/random.ts";

export interface CalibrationPlatform {
  readonly runtime: Runtime;
  readonly reader: PhotoReader;
  readonly codec: ImageCodec;
}

export interface CalibrationOptions {
  /** Paths. */
  readonly photos: readonly string[];
  /** Crops that the ranges are taken from; default 64. */
  readonly images?: number;
  /** Default 1. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of photos that cannot be used. */
  readonly onSkip?: (path: string, reason: string) => void;
}

/** Images a network call. */
const batch = 4;
/** Calls that the errors are measured on, of images that the ranges are not taken from. */
const checks = 2;
/** Log-SNR from the noise that sampling begins with to pictures that are nearly clean. */
const noisiest = -10;
const cleanest = 6;
/** Mean squared error of the output by all convolutions in int8 together: 45 dB. */
const mostError = 1.25e-4;

/**
 * @throws PaletteError when no photo can be used or no convolution is exact enough; the signal's
 * reason when aborted.
 */
export async function calibrate(
  { config, parameters }: Model,
  { runtime, reader, codec }: CalibrationPlatform,
  options: CalibrationOptions,
): Promise<Int8Settings> {
  const { photos, images = 64, seed = 1, signal, onProgress, onSkip } = options;
  const { network, objective, tasks } = config;
  const specs = parameterSpecs(network);
  const examples = new ExampleSource({
    ...{ reader, codec, photos, seed },
    tasks: tasks.map(taskNamed),
    resolution: network.resolution,
    ...omitUndefined({ onSkip }),
  });
  const calls = Math.ceil(images / batch);
  const { model, convolutions } = calibrationGraph(network, specs, parameters, batch);
  const kernels = new Map(specs.map(({ name, shape }) => [name, shape]));
  const candidates = convolutions
    .slice(1, -1)
    .filter(({ place }) => kernels.get(`${place}.weight`)?.at(-1) !== 1);
  const total = calls + checks + candidates.length;
  let done = 0;
  const step = () => {
    signal?.throwIfAborted();
    onProgress?.(++done, total);
  };

  const ranges = new Map<string, ConvolutionRanges>();
  const inputs: EngineTensors[] = [];
  const wanted: Float32Array[] = [];
  await withEngine(model, async (run) => {
    for (let call = 0; call < calls + checks; call++) {
      const feeds = await inputsOf(call);
      const maps = await run(feeds);
      if (call < calls) {
        for (const { place, input, output } of candidates) {
          const known = ranges.get(place);
          ranges.set(place, {
            input: widened(known?.input, maps[input]!.data),
            output: widened(known?.output, maps[output]!.data),
          });
        }
      } else {
        inputs.push(feeds);
        wanted.push(maps.output!.data.slice());
      }
      step();
    }
  });

  const errors: { readonly place: string; readonly error: number }[] = [];
  for (const { place } of candidates) {
    errors.push({ place, error: await errorOf([place]) });
    step();
  }
  errors.sort((a, b) => a.error - b.error);
  const places: string[] = [];
  let left = mostError;
  for (const { place, error } of errors) {
    left -= error;
    if (left < 0) break;
    places.push(place);
  }
  if (places.length === 0)
    throw new PaletteError(`No convolution of ${config.name} is exact enough in int8.`);
  return { images: calls * batch, error: await errorOf(places), ranges: rangesOf(places) };

  function rangesOf(places: readonly string[]): Record<string, ConvolutionRanges> {
    const ordered = candidates.filter(({ place }) => places.includes(place));
    return Object.fromEntries(ordered.map(({ place }) => [place, rounded(ranges.get(place)!)]));
  }

  /** The mean squared difference to the output in float32 with these convolutions in int8. */
  async function errorOf(places: readonly string[]): Promise<number> {
    const quantization = { ranges: rangesOf(places) };
    const graph = inferenceGraph(network, specs, parameters, batch, { quantization });
    let squares = 0;
    let count = 0;
    await withEngine(graph.model, async (run) => {
      for (const [k, feeds] of inputs.entries()) {
        const { data } = (await run(feeds)).output!;
        for (let i = 0; i < data.length; i++) squares += (data[i]! - wanted[k]![i]!) ** 2;
        count += data.length;
      }
    });
    return squares / count;
  }

  async function withEngine(
    program: Uint8Array,
    work: (run: (feeds: EngineTensors) => Promise<EngineTensors>) => Promise<void>,
  ): Promise<void> {
    const engine = await runtime.compile(program, { memoryPattern: false });
    try {
      await work((feeds) => engine.run(feeds));
    } finally {
      await engine.dispose();
    }
  }

  /** Of a network call: crops with the model's tasks in turn, each at a noise level of its own. */
  async function inputsOf(call: number): Promise<EngineTensors> {
    const { channels, resolution } = network;
    const shape = [batch, channels, resolution, resolution];
    const each = channels * resolution ** 2;
    const source = new Float32Array(batch * each);
    const noisy = new Float32Array(batch * each);
    const conditioning = new Float32Array(batch);
    for (let k = 0; k < batch; k++) {
      const index = call * batch + k;
      const { y, condition } = await examples.example(index);
      source.set(condition.x.data, k * each);
      const random = Random.from(seed, "calibration", index);
      const logSnr = random.between(noisiest, cleanest);
      const gamma = objective.regression ? 0 : gammaAt(logSnr);
      conditioning[k] = noiseEmbeddingInput(network, gamma);
      if (objective.regression) continue;
      const into = noisy.subarray(k * each, (k + 1) * each);
      addNoise(y.data, random.fillNormal(new Float32Array(each)), gamma, into);
      const { mask } = condition;
      if (mask) pasteKnown(into, { data: y.data, mask: mask.data }, channels, resolution ** 2);
    }
    return {
      source: { data: source, shape },
      noisy: { data: noisy, shape },
      conditioning: { data: conditioning, shape: [batch] },
    };
  }
}

function widened(
  [least, most]: ConvolutionRanges["input"] = [0, 0],
  values: Float32Array,
): [number, number] {
  let [low, high] = [least, most];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** To four digits, as config.json keeps them. */
function rounded({ input, output }: ConvolutionRanges): {
  input: [number, number];
  output: [number, number];
} {
  const short = (value: number) => Number(value.toPrecision(4));
  return {
    input: [short(input[0]), short(input[1])],
    output: [short(output[0]), short(output[1])],
  };
}

/** What every runtime must compute alike: run once under Node, once in a browser. */
import { createImage, createMask, type Image, toBytes } from "../../src/image/image.ts";
import type { Model } from "../../src/models/model.ts";
import { presetNamed } from "../../src/models/presets.ts";
import { trainingGraph } from "../../src/nn/graphs.ts";
import { parameterCount } from "../../src/nn/parameters.ts";
import { parameterSpecs } from "../../src/nn/registry.ts";
import { Palette } from "../../src/pipeline/palette.ts";
import { createNetwork } from "../../src/runtime/network.ts";
import type { Device, EngineTensor, Runtime } from "../../src/runtime/runtime.ts";
import { Random } from "../../src/util/random.ts";

/** The answers whose bytes are compared, each [3,H,W] in [-1, 1]. */
export const restorations = ["colorize", "inpaint", "uncrop", "dejpeg", "mean"] as const;
export type Restorations = Readonly<Record<(typeof restorations)[number], Float32Array>>;

/** The numbers of each case. */
export interface CaseResults extends Restorations {
  /** The network's output for an image of noise, [1,3,R,R]. */
  readonly networkCall: Float32Array;
  /** Of a batch of two images, [2]. */
  readonly losses: Float32Array;
  /** Of all parameters of tiny-32. */
  readonly gradient: Float32Array;
}

/** @param photo at the size at which it is colorized */
export async function runCases(runtime: Runtime, model: Model, photo: Image): Promise<CaseResults> {
  const network = await createNetwork(runtime, model, { threads: 1 });
  const palette = new Palette(network);
  try {
    const { channels, resolution } = model.config.network;
    const shape = [1, channels, resolution, resolution] as const;
    const [source, noisy] = [numbers(shape, "source"), numbers(shape, "noisy")];
    const networkCall = await network.predict({ source, noisy, gamma: 0.3, shape });
    const restored = await restore(palette, photo);
    return { networkCall, ...restored, ...(await trainingStep(runtime)) };
  } finally {
    await palette.dispose();
  }
}

/** Each task once, and the mean. */
async function restore(palette: Palette, photo: Image): Promise<Restorations> {
  const { width, height } = photo;
  const mask = createMask(width, height, 0);
  for (let y = 10; y < 30; y++) mask.data.fill(1, y * width + 12, y * width + 40);
  const few = { steps: 3, seed: 1 };
  const answers = {
    colorize: await palette.colorize(photo, few),
    inpaint: await palette.inpaint(photo, { ...few, mask }),
    uncrop: await palette.uncrop(photo, { ...few, side: "left", ratio: 0.2 }),
    dejpeg: await palette.dejpeg(photo, { ...few, quality: 20 }),
    mean: await palette.inpaint(photo, { mask, mean: true }),
  };
  const data = Object.entries(answers).map(([name, [image]]) => [name, image!.data]);
  return Object.fromEntries(data) as Restorations;
}

/** Loss and gradient of tiny-32 with fresh weights, for a fixed batch. */
async function trainingStep(
  runtime: Runtime,
  device: Device = "cpu",
): Promise<Pick<CaseResults, "losses" | "gradient">> {
  const { network } = presetNamed("tiny-32");
  const specs = parameterSpecs(network);
  const batch = 2;
  const lowering = runtime.lowering(device);
  const graph = trainingGraph(network, specs, { batch, loss: "l1", lowering });
  const engine = await runtime.compile(graph, { device, blockedLayout: false });
  const images = [batch, network.channels, network.resolution, network.resolution];
  const tensor = (shape: readonly number[], name: string): EngineTensor => ({
    shape,
    data: numbers(shape, name),
  });
  // No parameter is zero, so that each of them has a part in the gradient.
  const parameters = numbers([parameterCount(specs)], "parameters").map((value) => 0.06 * value);
  try {
    const { losses, gradient } = await engine.run({
      parameters: { data: parameters, shape: [parameters.length] },
      source: tensor(images, "source"),
      noisy: tensor(images, "noisy"),
      target: tensor(images, "target"),
      conditioning: { data: Float32Array.of(0.5, 3), shape: [batch] },
      weight: {
        data: new Float32Array(batch * images[2]! ** 2).fill(0.001),
        shape: [batch, 1, images[2]!, images[2]!],
      },
    });
    return { losses: losses!.data, gradient: gradient!.data };
  } finally {
    await engine.dispose();
  }
}

/** The same numbers in [-1, 1] for the same name, on every platform. */
function numbers(shape: readonly number[], name: string): Float32Array {
  const random = Random.from("runtime", name);
  const values = new Float32Array(shape.reduce((product, side) => product * side, 1));
  for (let i = 0; i < values.length; i++) values[i] = random.between(-1, 1);
  return values;
}

/** An image from its numbers, [3, height, width]. */
export function imageOf(data: Float32Array, width: number, height: number): Image {
  const image = createImage(width, height);
  image.data.set(data);
  return image;
}

/** The 8-bit steps of numbers in [-1, 1]. */
export function bytesOf(data: Float32Array): Float32Array {
  return Float32Array.from(toBytes({ data, width: data.length / 3, height: 1 }));
}

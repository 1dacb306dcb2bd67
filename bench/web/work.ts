/** What is timed under Node and in a page alike, each on one thread. */

import type { Model } from "../../src/models/model.ts";
import { presetNamed } from "../../src/models/presets.ts";
import { trainingGraph } from "../../src/nn/graphs.ts";
import { parameterCount } from "../../src/nn/parameters.ts";
import { parameterSpecs } from "../../src/nn/registry.ts";
import { createNetwork } from "../../src/runtime/network.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { Random } from "../../src/util/random.ts";

export interface Work {
  run(): Promise<unknown>;
  dispose(): Promise<void>;
}

/** Images of a training step. */
export const trainingImages = 8;

/** A network call for one picture of the model's own size. */
export async function callBench(runtime: Runtime, model: Model): Promise<Work> {
  const { channels, resolution } = model.config.network;
  const shape = [1, channels, resolution, resolution] as const;
  const [source, noisy] = [noise(shape, "source"), noise(shape, "noisy")];
  const network = await createNetwork(runtime, model, { threads: 1 });
  return {
    run: () => network.predict({ source, noisy, gamma: 0.3, shape }),
    dispose: () => network.dispose(),
  };
}

/** Loss and gradient of tiny-32 for eight pictures. */
export async function trainingBench(runtime: Runtime): Promise<Work> {
  const { network } = presetNamed("tiny-32");
  const specs = parameterSpecs(network);
  const graph = trainingGraph(network, specs, {
    ...{ batch: trainingImages, loss: "l1" },
    lowering: runtime.lowering(),
  });
  const engine = await runtime.compile(graph, { blockedLayout: false });
  const { channels, resolution: side } = network;
  const images = [trainingImages, channels, side, side];
  const tensor = (shape: readonly number[], name: string) => ({ shape, data: noise(shape, name) });
  const feeds = {
    parameters: tensor([parameterCount(specs)], "parameters"),
    source: tensor(images, "source"),
    noisy: tensor(images, "noisy"),
    target: tensor(images, "target"),
    conditioning: { shape: [trainingImages], data: new Float32Array(trainingImages).fill(0.5) },
    weight: {
      shape: images.with(1, 1),
      data: new Float32Array(trainingImages * side ** 2).fill(0.001),
    },
  };
  return { run: () => engine.run(feeds), dispose: () => engine.dispose() };
}

function noise(shape: readonly number[], name: string): Float32Array {
  const random = Random.from("bench", name);
  const size = shape.reduce((product, side) => product * side, 1);
  return new Float32Array(size).map(() => random.between(-0.06, 0.06));
}

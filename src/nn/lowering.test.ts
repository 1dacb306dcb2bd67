import { describe, expect, it } from "vitest";
import { largest, largestDifference, numbers } from "../../test/support/differentiation.ts";
import { readModel } from "../../test/support/onnx-reader.ts";
import type { LoweringName } from "../graph/index.ts";
import { presetNamed } from "../models/presets.ts";
import { openSession } from "../runtime/node/session.ts";
import type { EngineTensors } from "../runtime/runtime.ts";
import { inferenceGraph, trainingGraph } from "./graphs.ts";
import { initialParameters, parameterCount, readParameter } from "./parameters.ts";
import { parameterSpecs } from "./registry.ts";

const batch = 2;
const config = presetNamed("tiny-32").network;
const specs = parameterSpecs(config);
const noise = numbers([parameterCount(specs)], [-0.05, 0.05], "weights");
const parameters = initialParameters(specs, 1).map((weight, i) => weight + noise[i]!);

const image = [batch, config.channels, config.resolution, config.resolution];
const tensor = (shape: number[], range: [number, number], name: string) => ({
  data: numbers(shape, range, name),
  shape,
});
const images = {
  source: tensor(image, [-1, 1], "source"),
  noisy: tensor(image, [-1, 1], "noisy"),
  conditioning: tensor([batch], [0, 750], "conditioning"),
};
const feeds = {
  ...images,
  target: tensor(image, [-1, 1], "target"),
  weight: tensor(image.with(1, 1), [0, 1e-3], "weight"),
  parameters: { data: parameters, shape: [parameters.length] },
};

async function run(model: Uint8Array, inputs: EngineTensors): Promise<EngineTensors> {
  const session = await openSession(model);
  const outputs = await session.run(inputs);
  await session.release();
  return outputs;
}

const training = (lowering: LoweringName) =>
  trainingGraph(config, specs, { batch, loss: "l1", lowering });

describe("the GPU's lowering", () => {
  it("has no node with more than 8 inputs and outputs", () => {
    const models = [
      training("gpu"),
      inferenceGraph(config, specs, parameters, batch, { lowering: "gpu" }).model,
    ];
    for (const model of models) {
      const wide = readModel(model).nodes.filter(
        ({ inputs, outputs }) => inputs.length + outputs.length > 8,
      );
      expect(wide).toEqual([]);
    }
  });

  it("has the losses and gradients of the CPU's lowering, parameter by parameter", async () => {
    const cpu = await run(training("cpu"), feeds);
    const gpu = await run(training("gpu"), feeds);
    const [wanted, found] = [cpu.losses!.data, gpu.losses!.data];
    expect(largestDifference(found, wanted)).toBeLessThan(1e-5 * largest(wanted));
    const scale = largest(cpu.gradient!.data);
    for (const spec of specs) {
      const [expected, gradient] = [cpu, gpu].map((one) => readParameter(one.gradient!.data, spec));
      expect(largestDifference(gradient!, expected!), spec.name).toBeLessThan(1e-5 * scale);
    }
  });

  it("has the output of the CPU's lowering", async () => {
    const [cpu, gpu] = await Promise.all(
      (["cpu", "gpu"] as const).map((lowering) =>
        run(inferenceGraph(config, specs, parameters, batch, { lowering }).model, images),
      ),
    );
    expect(largestDifference(gpu!.output!.data, cpu!.output!.data)).toBeLessThan(
      1e-5 * largest(cpu!.output!.data),
    );
  });
});

describe("the lowering for int8", () => {
  it("has the output of the CPU's lowering where all convolutions are in float32", async () => {
    const graphs = [{}, { quantization: { ranges: {} } }].map((options) =>
      inferenceGraph(config, specs, parameters, batch, options),
    );
    const [cpu, int8] = await Promise.all(graphs.map(({ model }) => run(model, images)));
    const wanted = cpu!.output!.data;
    expect(largestDifference(int8!.output!.data, wanted)).toBeLessThan(1e-5 * largest(wanted));
  });
});

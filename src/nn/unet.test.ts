import { describe, expect, it } from "vitest";
import { reference } from "../../bench/reference.ts";
import { largest, largestDifference, numbers } from "../../test/support/differentiation.ts";
import { countTypes, readModel } from "../../test/support/onnx-reader.ts";
import { concat, Graph, grad, interpret, reduceSum, size, sub } from "../graph/index.ts";
import { openSession } from "../runtime/node/session.ts";
import { contexts, type UNetConfig, uNetConfig } from "./config.ts";
import { gradientName, inferenceGraph, lowMemorySession, trainingGraph } from "./graphs.ts";
import { imageLoss, type Loss } from "./loss.ts";
import { networkInputs } from "./network.ts";
import {
  FlatParameters,
  initialParameters,
  parameterCount,
  readParameter,
  storedShape,
  writeParameter,
} from "./parameters.ts";
import { parameterSpecs } from "./registry.ts";
import { uNet } from "./unet.ts";
import { inputOf } from "./weight-input.ts";

const BATCH = 2;

/** A network that the float64 interpreter gets through in milliseconds. */
function small(options: Partial<UNetConfig> = {}): UNetConfig {
  return uNetConfig.parse({
    resolution: 8,
    base: 4,
    multipliers: [1, 2],
    blocks: 1,
    attention: [4],
    headChannels: 4,
    groups: 2,
    ...options,
  });
}

const variants: [string, UNetConfig][] = [
  ...contexts.flatMap((context): [string, UNetConfig][] => [
    [`${context}, resampling in blocks`, small({ context })],
    [
      `${context}, resampling by convolutions, stem 2, output skip`,
      small({ context, resampling: "convolution", stem: 2, outputSkip: "concat", resolution: 16 }),
    ],
  ]),
  ["stem 2, resampling in blocks, two heads", small({ stem: 2, resolution: 16, headChannels: 2 })],
  ["output skip without a stem", small({ outputSkip: "concat" })],
  ["Laplacian output skip", small({ outputSkip: "laplacian", stem: 2, resolution: 16 })],
  ["three levels, one image channel", small({ multipliers: [1, 2, 1], channels: 1, blocks: 2 })],
  ["maps whose rows do not divide by four", small({ resolution: 12, attention: [6] })],
];

/**
 * Whose graphs are compiled as those of large networks too: one of each way to resample, to skip
 * and to deal out rows. ONNX Runtime takes seconds for a graph that does not say its shapes.
 */
const largeToo = [
  "global-attention, resampling in blocks",
  "global-attention, resampling by convolutions, stem 2, output skip",
  "Laplacian output skip",
  "maps whose rows do not divide by four",
];

/** Weights none of which is zero, so that every path counts. */
function weightsFor(config: UNetConfig): Float32Array {
  const specs = parameterSpecs(config);
  const noise = numbers([parameterCount(specs)], [-0.2, 0.2], "weights");
  return initialParameters(specs, 1).map((weight, i) => weight + noise[i]!);
}

function batchFor(config: UNetConfig) {
  const { channels, resolution } = config;
  const image = [BATCH, channels, resolution, resolution];
  return {
    source: numbers(image, [-1, 1], "source"),
    noisy: numbers(image, [-1, 1], "noisy"),
    target: numbers(image, [-1, 1], "target"),
    weight: numbers(image.with(1, 1), [0, 1 / (channels * resolution ** 2)], "weight"),
    conditioning: Float32Array.of(101.5, 612.25),
  };
}

/** The training step's definition: losses of the images, and the gradient of their sum. */
function tracedTraining(config: UNetConfig, loss: Loss) {
  const graph = new Graph();
  const parameters = new FlatParameters(graph, parameterSpecs(config));
  const inputs = networkInputs(graph, config, BATCH);
  const target = graph.input("target", inputs.noisy.shape);
  const weight = graph.input("weight", inputs.noisy.shape.with(1, 1));
  const error = sub(uNet(config, parameters, inputs), target);
  const losses = imageLoss(error, weight, loss);
  const total = reduceSum(losses, [0]);
  return { losses, total, gradient: concat(grad(total, parameters.tensors), 0) };
}

function samplingInputs(config: UNetConfig) {
  const graph = new Graph();
  const parameters = new FlatParameters(graph, parameterSpecs(config));
  return [parameters, networkInputs(graph, config, BATCH)] as const;
}

describe.each(variants.filter(([name]) => largeToo.includes(name)))("%s", (_, config) => {
  const values = { ...batchFor(config), parameters: weightsFor(config) };

  it("as a large network has the same output and gradients, in float64 and ONNX Runtime", async () => {
    const specs = parameterSpecs(config);
    const { gradient } = tracedTraining(config, "l2");
    const sampled = uNet(config, ...samplingInputs(config));
    const { parameters, source, noisy, conditioning } = values;
    const [expected] = interpret([sampled], { parameters, source, noisy, conditioning });
    const [wanted] = interpret([gradient], values);
    const program = inferenceGraph(config, specs, "inputs", BATCH);
    const inputs = Object.fromEntries(
      program.parameters.map((input) => {
        const spec = specs.find((one) => one.name === input.name)!;
        return [input.name, inputOf(input, readParameter(values.parameters, spec).slice())];
      }),
    );
    const image = [BATCH, config.channels, config.resolution, config.resolution];
    const feeds = {
      source: { data: values.source, shape: image },
      noisy: { data: values.noisy, shape: image },
      conditioning: { data: values.conditioning, shape: [BATCH] },
    };
    const sampling = await openSession(program.model, lowMemorySession, inputs);
    const { output } = await sampling.run(feeds);
    expect(largestDifference(output!.data, expected!)).toBeLessThan(2e-4 * largest(expected!));
    await sampling.release();

    const training = await openSession(
      trainingGraph(config, specs, { batch: BATCH, loss: "l2", weights: "inputs" }),
      lowMemorySession,
    );
    const found = await training.run({
      ...feeds,
      target: { data: values.target, shape: image },
      weight: { data: values.weight, shape: image.with(1, 1) },
      ...Object.fromEntries(
        specs.map(({ name: parameter, shape, axes, offset }) => [
          parameter,
          {
            data: values.parameters.slice(offset, offset + size(shape)),
            shape: storedShape(shape, axes),
          },
        ]),
      ),
    });
    const joined = specs.flatMap(({ name: parameter }) => [
      ...found[gradientName(parameter)]!.data,
    ]);
    expect(largestDifference(joined, wanted!)).toBeLessThan(2e-4 * largest(wanted!));
    await training.release();
  });
});

describe.each(variants)("%s", (name, config) => {
  const values = { ...batchFor(config), parameters: weightsFor(config) };

  it("has the directional derivatives that central differences show", () => {
    const { total, gradient } = tracedTraining(config, "l2");
    const [found] = interpret([gradient], values);
    for (const k of [1, 2]) {
      const direction = numbers(gradient.shape, [-1, 1], name, k);
      const at = (step: number) => {
        const parameters = Float64Array.from(
          values.parameters,
          (value, i) => value + step * direction[i]!,
        );
        return interpret([total], { ...values, parameters })[0]![0]!;
      };
      const step = 1e-6;
      const difference = (at(step) - at(-step)) / (2 * step);
      const derivative = direction.reduce((sum, d, i) => sum + d * found![i]!, 0);
      expect(Math.abs(difference - derivative)).toBeLessThan(1e-6 * norm(found!));
    }
  });

  it("samples in ONNX Runtime as in float64, on ops with WebGPU kernels", async () => {
    const graph = new Graph();
    const specs = parameterSpecs(config);
    const parameters = new FlatParameters(graph, specs);
    const output = uNet(config, parameters, networkInputs(graph, config, BATCH));
    const { source, noisy, conditioning } = values;
    const [wanted] = interpret([output], {
      source,
      noisy,
      conditioning,
      parameters: values.parameters,
    });
    const found = await predict(config, values.parameters, values);
    expect(largestDifference(found, wanted!)).toBeLessThan(1e-4 * Math.max(1, largest(wanted!)));
    expect(withoutWebGpu(inferenceGraph(config, specs, values.parameters, BATCH).model)).toEqual(
      [],
    );
  });

  it("starts with an output of zero: the last convolutions start as zero", async () => {
    const output = await predict(config, initialParameters(parameterSpecs(config), 3), values);
    expect(largest(output)).toBe(0);
  });
});

// Compiling a training graph takes ONNX Runtime a second, so each choice is seen once or twice.
describe.each([
  { loss: "l2" as const, ...named(0) },
  { loss: "l1" as const, ...named(3) },
  { loss: "l2" as const, ...named(5) },
  { loss: "l1" as const, ...named(6) },
  { loss: "rms" as const, ...named(7) },
  { loss: "l2" as const, ...named(8) },
])("a training step with $loss: $name", ({ loss, config }) => {
  it("is differentiated in ONNX Runtime as in float64, on a GPU by ops with WebGPU kernels", async () => {
    const values = { ...batchFor(config), parameters: weightsFor(config) };
    const { losses, gradient } = tracedTraining(config, loss);
    const wanted = interpret([losses, gradient], values);
    const specs = parameterSpecs(config);
    const options = { batch: BATCH, loss } as const;
    const onGpu = trainingGraph(config, specs, { ...options, lowering: "gpu" });
    expect(withoutWebGpu(onGpu)).toEqual([]);
    const session = await openSession(trainingGraph(config, specs, options));
    const found = await session.run(withShapes(config, values));
    await session.release();
    expect(found.losses!.shape).toEqual([BATCH]);
    expect(largestDifference(found.losses!.data, wanted[0]!)).toBeLessThan(
      1e-5 * largest(wanted[0]!),
    );
    expect(found.gradient!.shape).toEqual([parameterCount(specs)]);
    const difference = found.gradient!.data.map((value, i) => value - wanted[1]![i]!);
    expect(norm(difference)).toBeLessThan(1e-4 * norm(wanted[1]!));
  });
});

function named(variant: number) {
  const [name, config] = variants[variant]!;
  return { name, config };
}

/** Standard ops with a kernel in ONNX Runtime's WebGPU provider. */
const onWebGpu = new Set(
  `Abs Add AveragePool Clip Concat Conv ConvTranspose Cos DepthToSpace Div Exp Expand Floor Gather
  Gemm Identity InstanceNormalization LayerNormalization MatMul Mul Neg Pad Pow ReduceMax ReduceMean
  ReduceSum ReduceSumSquare Reshape Resize Sigmoid Sin Slice Softmax Split Sqrt Sub Tanh
  Transpose`.split(/\s+/),
);

/** The types of a model's nodes that have no such kernel. */
function withoutWebGpu(model: Uint8Array): string[] {
  return Object.keys(countTypes(readModel(model))).filter((type) => !onWebGpu.has(type));
}

describe("parameter counts", () => {
  it("552,814,083 as the paper's network at 256 pixels", () => {
    const paper = uNetConfig.parse({
      resolution: 256,
      base: 256,
      multipliers: [1, 1, 2, 2, 4, 4],
      blocks: 2,
      attention: [32, 16, 8],
      headChannels: 64,
    });
    expect(parameterCount(parameterSpecs(paper))).toBe(552_814_083);
  });

  it("62,641,347 as the public PyTorch re-implementation's default", () => {
    const pytorch = uNetConfig.parse({
      resolution: 256,
      base: 64,
      multipliers: [1, 2, 4, 8],
      blocks: 2,
      attention: [],
      headChannels: 32,
      embedding: "gamma",
    });
    expect(parameterCount(parameterSpecs(pytorch))).toBe(62_641_347);
  });

  it("16,449,484 as the benchmark's reference network", () => {
    expect(parameterCount(parameterSpecs(uNetConfig.parse(reference)))).toBe(16_449_484);
  });
});

describe("the output", () => {
  it("depends on the source, the noisy image and the noise level, image by image", async () => {
    const config = small({ stem: 2, outputSkip: "concat", resolution: 16 });
    const values = { ...batchFor(config), parameters: weightsFor(config) };
    const before = await predict(config, values.parameters, values);
    for (const key of ["source", "noisy", "conditioning"]) {
      const changed = values[key as keyof typeof values].slice();
      const second = changed.length / BATCH;
      for (let i = second; i < changed.length; i++) changed[i]! *= 0.9;
      const after = await predict(config, values.parameters, { ...values, [key]: changed });
      const half = after.length / BATCH;
      expect(largestDifference(after.slice(0, half), before.slice(0, half))).toBeLessThan(1e-6);
      expect(largestDifference(after.slice(half), before.slice(half))).toBeGreaterThan(1e-3);
    }
  });
});

describe("the output skip", () => {
  it("lets the last convolution pass the source through unchanged", async () => {
    const config = small({ stem: 2, outputSkip: "concat", resolution: 16 });
    const specs = parameterSpecs(config);
    const weights = weightsFor(config);
    const last = specs.find(({ name }) => name === "out.conv.weight")!;
    const bias = specs.find(({ name }) => name === "out.conv.bias")!;
    weights.fill(0, bias.offset, bias.offset + 12);
    const kernel = new Float32Array(12 * last.shape[1]! * 9);
    // The inputs follow the features: the source's 12 channels after the stem, then y_t's.
    const features = last.shape[1]! - 24;
    for (let channel = 0; channel < 12; channel++)
      kernel[(channel * last.shape[1]! + features + channel) * 9 + 4] = 1;
    writeParameter(weights, last, kernel);
    const values = batchFor(config);
    const output = await predict(config, weights, values);
    expect(largestDifference(output, values.source!)).toBeLessThan(1e-6);
  });
});

describe("maps without contrast", () => {
  it("pass the normalisation: no NaN where rounding makes a variance negative", async () => {
    const config = small({ resolution: 64, base: 8, groups: 8, headChannels: 8, attention: [] });
    const weights = weightsFor(config);
    const specs = parameterSpecs(config);
    const [weight, bias] = ["in.weight", "in.bias"].map(
      (name) => specs.find((spec) => spec.name === name)!,
    ) as [(typeof specs)[0], (typeof specs)[0]];
    weights.fill(0, weight.offset, weight.offset + 8 * 6 * 9);
    for (let c = 0; c < 8; c++) weights[bias.offset + c] = 1.37 * 2.1 ** c;
    const output = await predict(config, weights, batchFor(config));
    expect(output.every(Number.isFinite)).toBe(true);
  });
});

async function predict(
  config: UNetConfig,
  weights: Float32Array,
  values: Record<string, Float32Array>,
): Promise<Float32Array> {
  const session = await openSession(
    inferenceGraph(config, parameterSpecs(config), weights, BATCH).model,
  );
  const { source, noisy, conditioning } = withShapes(config, values);
  const { output } = await session.run({
    source: source!,
    noisy: noisy!,
    conditioning: conditioning!,
  });
  await session.release();
  return output!.data;
}

function withShapes(config: UNetConfig, values: Record<string, Float32Array>) {
  const { channels, resolution } = config;
  const image = [BATCH, channels, resolution, resolution];
  return Object.fromEntries(
    Object.entries(values).map(([name, data]) => {
      const flat = name === "parameters" || name === "conditioning";
      const shape = flat ? [data.length] : name === "weight" ? image.with(1, 1) : image;
      return [name, { data, shape }];
    }),
  );
}

function norm(x: ArrayLike<number>): number {
  return Math.sqrt(Array.from(x).reduce((sum, value) => sum + value * value, 0));
}

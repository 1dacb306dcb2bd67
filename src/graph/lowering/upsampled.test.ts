import { describe, expect, it } from "vitest";
import {
  differentiate,
  expectCentralDifferences,
  expectSameInOnnxRuntime,
  largest,
  largestDifference,
  numbers,
  traced,
} from "../../../test/support/differentiation.ts";
import { conv2d, Graph, interpret, type Shape, transpose, upsample } from "../index.ts";
import { fromPhases } from "./phases.ts";
import {
  UPSAMPLED_AXES,
  upsampledConvolution,
  upsampledConvolutionTransformed,
  upsampledWeights,
} from "./upsampled.ts";
import { KERNEL_AXES } from "./winograd.ts";

const shapes: [string, Shape, number][] = [
  ["one column", [1, 1, 2, 1], 1],
  ["several images, not square", [3, 2, 4, 3], 5],
  ["rows too wide for a product", [1, 1, 2, 34], 2],
];

describe.each(shapes)("the convolution of repeated pixels, %s", (name, shape, channels) => {
  const weightShape = [channels, shape[1]!, 3, 3];
  const channelsFirst = [1, 0, 2, 3];
  const problem = traced(name, [shape, weightShape], (x, weight) =>
    fromPhases(upsampledConvolution(transpose(x, channelsFirst), transpose(weight!, KERNEL_AXES))),
  );

  it("is that of the large map, whichever form the kernel comes in", async () => {
    const graph = new Graph();
    const [x, weight] = [graph.input("x", shape), graph.input("weight", weightShape)];
    const given = UPSAMPLED_AXES.map((axis) => weightShape[axis]!);
    const own = graph.input("own", given);
    const values = {
      x: numbers(shape, [-1, 1], name, "x"),
      weight: numbers(weightShape, [-1, 1], name, "weight"),
    };
    const inOrder = interpret([transpose(weight, UPSAMPLED_AXES)], values)[0]!;
    const all = { ...values, own: upsampledWeights(Float32Array.from(inOrder)) };
    const first = transpose(x, channelsFirst);
    const outputs = {
      wanted: conv2d(upsample(x), weight, undefined, { padding: 1 }),
      found: fromPhases(upsampledConvolution(first, transpose(weight, KERNEL_AXES))),
      foundOwn: fromPhases(upsampledConvolutionTransformed(first, own)),
    };
    const [wanted, ...found] = interpret(Object.values(outputs), all);
    for (const one of found)
      expect(largestDifference(one, wanted!)).toBeLessThan(1e-6 * largest(wanted!));
    await expectSameInOnnxRuntime(graph, outputs, all);
  });

  it("has the gradients that central differences show", () => {
    expectCentralDifferences(differentiate(problem));
  });

  it("is differentiated in ONNX Runtime as in float64", async () => {
    const { graph, gradients, values } = differentiate(problem);
    const [dx, dw] = gradients;
    await expectSameInOnnxRuntime(graph, { dx: dx!, dw: dw! }, values);
  });
});

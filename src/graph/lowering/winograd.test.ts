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
import { conv2d, Graph, interpret, type Shape, transpose } from "../index.ts";
import { fromPhases, toPhases } from "./phases.ts";
import { KERNEL_AXES, winogradConvolution } from "./winograd.ts";

const shapes: [string, Shape, number][] = [
  ["one tile", [1, 1, 4, 1], 1],
  ["one image, not square", [1, 3, 8, 5], 2],
  ["several images", [3, 2, 4, 4], 5],
  ["many positions", [2, 2, 12, 20], 2],
];

describe.each(shapes)("Winograd's convolution, %s", (name, shape, channels) => {
  const weightShape = [channels, shape[1]!, 3, 3];
  const problem = traced(name, [shape, weightShape, [channels]], (x, weight, bias) =>
    fromPhases(winogradConvolution(toPhases(x), transpose(weight!, KERNEL_AXES), bias!)),
  );

  it("is the convolution", async () => {
    const graph = new Graph();
    const [x, weight] = [graph.input("x", shape), graph.input("weight", weightShape)];
    const bias = graph.input("bias", [channels]);
    const values = {
      x: numbers(shape, [-1, 1], name, "x"),
      weight: numbers(weightShape, [-1, 1], name, "weight"),
      bias: numbers([channels], [-1, 1], name, "bias"),
    };
    const kernel = transpose(weight, KERNEL_AXES);
    const found = fromPhases(winogradConvolution(toPhases(x), kernel, bias));
    const [a, b] = interpret([found, conv2d(x, weight, bias, { padding: 1 })], values);
    // Sixths and twelfths in the transformation are rounded to float32.
    expect(largestDifference(a!, b!)).toBeLessThan(1e-6 * largest(b!));
    await expectSameInOnnxRuntime(graph, { found }, values);
  });

  it("has the gradients that central differences show", () => {
    expectCentralDifferences(differentiate(problem));
  });

  it("is differentiated in ONNX Runtime as in float64", async () => {
    const { graph, gradients, values } = differentiate(problem);
    const [dx, dw, db] = gradients;
    await expectSameInOnnxRuntime(graph, { dx: dx!, dw: dw!, db: db! }, values);
  });
});

describe("phases", () => {
  it.each([[[2, 3, 8, 5]], [[1, 2, 6, 3]], [[2, 1, 4, 4]]])("are undone, %s", (shape) => {
    const x = new Graph().input("x", shape);
    const pixels = numbers(shape, [-1, 1], "phases");
    expect([...interpret([fromPhases(toPhases(x))], { x: pixels })[0]!]).toEqual([...pixels]);
  });
});

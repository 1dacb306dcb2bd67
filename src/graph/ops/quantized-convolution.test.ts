import { describe, expect, it } from "vitest";
import { numbers } from "../../../test/support/differentiation.ts";
import { openSession } from "../../runtime/node/session.ts";
import { encodeOnnx, Graph, interpret, type Shape } from "../index.ts";
import { type QuantizedConvolutionOptions, quantizedConv2d } from "./quantized-convolution.ts";

const usual = { stride: 1, padding: 1, dilation: 1, upsampled: false };
const cases: [string, Shape, Shape, Partial<QuantizedConvolutionOptions>][] = [
  ["3x3", [2, 3, 4, 5], [4, 5, 3, 3], {}],
  ["3x3, stride 2", [1, 4, 6, 3], [2, 3, 3, 3], { stride: 2 }],
  ["3x3, dilation 2", [1, 5, 4, 2], [3, 2, 3, 3], { dilation: 2, padding: 2 }],
  ["3x3 of repeated pixels", [2, 2, 3, 4], [3, 4, 3, 3], { upsampled: true }],
  [
    "1x1, numbers beyond the ranges",
    [1, 3, 3, 2],
    [2, 2, 1, 1],
    { padding: 0, input: [-0.3, 0.5] },
  ],
];

describe("a convolution in int8", () => {
  it.each(cases)("is the interpreter's in ONNX Runtime, to one step: %s", async (...given) => {
    const [name, shape, kernel, options] = given;
    const graph = new Graph();
    // Small, so that no processor's sums saturate.
    const input = [-0.25, 1] as const;
    const output = [-1.5, 1.5] as const;
    const y = quantizedConv2d(
      graph.input("x", shape),
      graph.constant(numbers(kernel, [-0.2, 0.2], name, "kernel"), kernel),
      graph.constant(numbers([kernel[0]!], [-0.3, 0.3], name, "bias"), [kernel[0]!]),
      { ...usual, input, output, ...options },
    );
    const x = numbers(shape, [-0.25, 0.45], name, "x");
    const [wanted] = interpret([y], { x });
    const session = await openSession(encodeOnnx(graph, { y }));
    const { data } = (await session.run({ x: { data: x, shape } })).y!;
    await session.release();
    const step = (output[1] - output[0]) / 255;
    for (const [i, value] of data.entries())
      expect(Math.abs(value - wanted![i]!)).toBeLessThan(1.01 * step);
    expect(new Set(data).size).toBeGreaterThan(4);
  });

  it("refuses kernels of other channels, and kernels that are no constants", () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 4, 4, 3]);
    const options = { ...usual, input: [0, 1], output: [0, 1] } as const;
    const bias = graph.constant(0, [2]);
    expect(() => quantizedConv2d(x, graph.constant(1, [2, 4, 3, 3]), bias, options)).toThrow(
      "quantizedConv2d",
    );
    const y = quantizedConv2d(x, graph.input("weight", [2, 3, 3, 3]), bias, options);
    expect(() => encodeOnnx(graph, { y })).toThrow("constants");
  });
});

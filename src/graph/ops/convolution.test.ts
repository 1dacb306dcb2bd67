import { describe, expect, it } from "vitest";
import {
  differentiate,
  differentiateTwice,
  expectCentralDifferences,
  expectSameInOnnxRuntime,
  largest,
  largestDifference,
  numbers,
  type Traced,
  traced,
} from "../../../test/support/differentiation.ts";
import { Graph, interpret, type Shape, type Tensor } from "../index.ts";
import { type ConvolutionOptions, conv2d, convTranspose2d } from "./convolution.ts";
import { silu } from "./index.ts";
import { weightGradient } from "./weight-gradient.ts";

/** What a convolution is tried on: x [N,C,H,W], weights [Co,Ci,k,k] and how it moves. */
const geometries: [string, Shape, Shape, ConvolutionOptions][] = [
  ["1x1", [2, 3, 2, 4], [5, 3, 1, 1], {}],
  ["1x1 on one pixel", [1, 2, 1, 1], [3, 2, 1, 1], {}],
  ["1x1 with padding", [1, 2, 3, 2], [2, 2, 1, 1], { padding: 1 }],
  ["1x1, stride 2", [2, 2, 4, 5], [3, 2, 1, 1], { stride: 2 }],
  ["3x3, not square", [2, 3, 4, 5], [2, 3, 3, 3], { padding: 1 }],
  ["3x3, one channel in and out", [1, 1, 5, 4], [1, 1, 3, 3], { padding: 1 }],
  ["3x3 on one pixel", [1, 2, 1, 1], [2, 2, 3, 3], { padding: 1 }],
  ["3x3 without padding", [2, 2, 5, 4], [3, 2, 3, 3], {}],
  ["3x3 with more padding than it reaches", [1, 2, 3, 3], [2, 2, 3, 3], { padding: 3 }],
  ["3x3, stride 2, even size", [2, 2, 6, 4], [3, 2, 3, 3], { stride: 2, padding: 1 }],
  ["3x3, stride 2, odd size", [1, 2, 5, 7], [2, 2, 3, 3], { stride: 2, padding: 1 }],
  ["3x3, stride 3", [1, 1, 9, 8], [2, 1, 3, 3], { stride: 3, padding: 1 }],
  ["3x3, dilation 2", [2, 2, 6, 5], [2, 2, 3, 3], { dilation: 2, padding: 2 }],
  ["3x3, dilation wider than the map", [1, 2, 3, 2], [2, 2, 3, 3], { dilation: 4, padding: 4 }],
  ["3x3, stride 2, dilation 2", [1, 2, 7, 8], [2, 2, 3, 3], { stride: 2, dilation: 2, padding: 2 }],
  ["a row of three", [1, 2, 4, 6], [2, 2, 1, 3], {}],
  ["a column of three with padding", [2, 1, 4, 3], [2, 1, 3, 1], { padding: 1 }],
  ["2x2", [1, 2, 4, 5], [3, 2, 2, 2], {}],
  ["5x5", [1, 1, 6, 5], [2, 1, 5, 5], { padding: 2 }],
  ["3x3, 32 pixels wide", [2, 2, 3, 32], [3, 2, 3, 3], { padding: 1 }],
  ["3x3, 33 pixels wide, one row", [1, 1, 1, 33], [1, 1, 3, 3], { padding: 1 }],
  ["3x3 without padding, 34 pixels wide", [1, 2, 4, 34], [2, 2, 3, 3], {}],
  ["5x5, 32 pixels wide", [1, 1, 3, 32], [2, 1, 5, 5], { padding: 2 }],
  ["3x1 without padding, 32 pixels wide", [1, 2, 4, 32], [2, 2, 3, 1], {}],
  ["3x3, dilation 2, 32 pixels wide", [1, 1, 3, 32], [2, 1, 3, 3], { dilation: 2, padding: 2 }],
  ["3x3, stride 2 to 32 pixels", [1, 1, 2, 64], [2, 1, 3, 3], { stride: 2, padding: 1 }],
];

const convolutions = geometries.map(([name, x, weight, options]) =>
  traced(`convolution, ${name}`, [x, weight, [weight[0]!]], (x, weight, bias) =>
    conv2d(x, weight!, bias, options),
  ),
);

/** The same geometries the other way round: from the convolution's output back to its input. */
const transposed = geometries.map(([name, x, weight, options]) => {
  const graph = new Graph();
  const output = conv2d(graph.input("x", x), graph.input("weight", weight), undefined, options);
  return traced(`transposed convolution, ${name}`, [output.shape, weight], (y, weight) =>
    convTranspose2d(y, weight!, [x[2]!, x[3]!], options),
  );
});

describe.each<Traced>([
  ...convolutions,
  ...transposed,
  traced(
    "convolution without a bias",
    [
      [1, 2, 3, 3],
      [2, 2, 3, 3],
    ],
    (x, weight) => conv2d(x, weight!, undefined, { padding: 1 }),
  ),
])("$name", (traced) => {
  it("has the gradients that central differences show", () => {
    expectCentralDifferences(differentiate(traced));
  });

  it("gives the interpreter's numbers in ONNX Runtime, forward and backward", async () => {
    const { graph, output, gradients, values } = differentiate(traced);
    const named = gradients.map((gradient, i) => [`gradient${i}`, gradient] as const);
    await expectSameInOnnxRuntime(graph, { output, ...Object.fromEntries(named) }, values);
  });
});

describe("the transposed convolution", () => {
  it.each(geometries)("is the adjoint: <conv x, y> = <x, transposed y>, %s", (...geometry) => {
    const [name, shape, weightShape, options] = geometry;
    const graph = new Graph();
    const [x, weight] = [graph.input("x", shape), graph.input("weight", weightShape)];
    const forward = conv2d(x, weight, undefined, options);
    const y = graph.input("y", forward.shape);
    const back = convTranspose2d(y, weight, [shape[2]!, shape[3]!], options);
    const values = {
      x: numbers(shape, [-1, 1], name, "x"),
      weight: numbers(weightShape, [-1, 1], name, "weight"),
      y: numbers(y.shape, [-1, 1], name, "y"),
    };
    const [forwardValue, backValue] = interpret([forward, back], values) as [
      Float64Array,
      Float64Array,
    ];
    expect(dot(forwardValue, values.y)).toBeCloseTo(dot(backValue, values.x), 10);
  });

  it("refuses a size that the convolution cannot have had", () => {
    const graph = new Graph();
    const [y, weight] = [graph.input("y", [1, 2, 3, 3]), graph.input("w", [2, 1, 3, 3])];
    expect(() => convTranspose2d(y, weight, [7, 6], { stride: 2, padding: 1 })).toThrow();
    expect(() => convTranspose2d(y, weight, [6, 4], { stride: 2, padding: 1 })).toThrow();
    expect(convTranspose2d(y, weight, [6, 5], { stride: 2, padding: 1 }).shape).toEqual([
      1, 1, 6, 5,
    ]);
  });
});

describe("convolutions that do not fit are refused", () => {
  const graph = new Graph();
  const x = graph.input("x", [1, 2, 4, 4]);
  const weight = graph.input("weight", [3, 2, 3, 3]);
  it.each<[string, () => Tensor]>([
    ["channels", () => conv2d(x, graph.constant(0, [3, 1, 3, 3]))],
    ["bias", () => conv2d(x, weight, graph.constant(0, [2]))],
    ["a kernel larger than the image", () => conv2d(x, graph.constant(0, [3, 2, 5, 5]))],
    ["channels, transposed", () => convTranspose2d(x, weight, [6, 6])],
  ])("%s", (_name, build) => {
    expect(build).toThrow();
  });
});

/** dW by the formula that heads weight-gradient.ts. */
function byDefinition(
  x: Float32Array,
  dy: Float32Array,
  xShape: Shape,
  dyShape: Shape,
  weightShape: Shape,
  { stride = 1, padding = 0, dilation = 1 }: ConvolutionOptions,
): number[] {
  const [n, ci, h, w] = xShape as [number, number, number, number];
  const [, co, ho, wo] = dyShape as [number, number, number, number];
  const [, , kh, kw] = weightShape as [number, number, number, number];
  const sums: number[] = [];
  for (let o = 0; o < co; o++)
    for (let c = 0; c < ci; c++)
      for (let ky = 0; ky < kh; ky++)
        for (let kx = 0; kx < kw; kx++) {
          let sum = 0;
          for (let b = 0; b < n; b++)
            for (let y = 0; y < ho; y++)
              for (let z = 0; z < wo; z++) {
                const row = stride * y + dilation * ky - padding;
                const column = stride * z + dilation * kx - padding;
                if (row < 0 || row >= h || column < 0 || column >= w) continue;
                const from = ((b * ci + c) * h + row) * w + column;
                sum += dy[((b * co + o) * ho + y) * wo + z]! * x[from]!;
              }
          sums.push(sum);
        }
  return sums;
}

describe("the gradient for the weights", () => {
  it.each(geometries)("is the sum over images and positions, %s", (...geometry) => {
    const [name, xShape, weightShape, options] = geometry;
    const graph = new Graph();
    const x = graph.input("x", xShape);
    const weight = graph.input("weight", weightShape);
    const dy = graph.input("dy", conv2d(x, weight, undefined, options).shape);
    const full = { stride: 1, padding: 0, dilation: 1, ...options };
    const values = {
      x: numbers(xShape, [-1, 1], name, "x"),
      dy: numbers(dy.shape, [-1, 1], name, "dy"),
    };
    const [found] = interpret([weightGradient(x, dy, weightShape, full)], values);
    const wanted = byDefinition(values.x, values.dy, xShape, dy.shape, weightShape, options);
    expect(largestDifference(found!, wanted)).toBeLessThan(1e-12 * Math.max(1, largest(wanted)));
  });

  // Kernels of half a million numbers on few positions take another way back to the input.
  it("and for the input agree with central differences for a large kernel", () => {
    expectCentralDifferences(
      differentiate(
        traced(
          "large kernel",
          [
            [1, 240, 2, 1],
            [240, 240, 3, 3],
          ],
          (x, weight) => conv2d(x, weight!, undefined, { padding: 1 }),
        ),
      ),
    );
  });
});

describe("second order", () => {
  it.each([
    ["3x3", [1, 2, 3, 4], [2, 2, 3, 3], { padding: 1 }],
    ["stride 2", [1, 1, 4, 5], [2, 1, 3, 3], { padding: 1, stride: 2 }],
    ["dilation 2", [1, 1, 4, 3], [1, 1, 3, 3], { padding: 2, dilation: 2 }],
    ["1x1", [2, 2, 2, 1], [2, 2, 1, 1], {}],
    ["32 pixels wide", [1, 1, 2, 32], [1, 1, 3, 3], { padding: 1 }],
  ] as [string, Shape, Shape, ConvolutionOptions][])(
    "%s: the gradient of a gradient is what central differences show",
    (...geometry) => {
      const [name, x, weight, options] = geometry;
      expectCentralDifferences(
        differentiateTwice(
          traced(name, [x, weight], (x, weight) => silu(conv2d(x, weight!, undefined, options))),
        ),
      );
    },
  );
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
}

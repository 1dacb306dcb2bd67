import { describe, expect, it } from "vitest";
import {
  differentiate,
  differentiateTwice,
  expectCentralDifferences,
  expectSameInOnnxRuntime,
  numbers,
  traced,
} from "../../../test/support/differentiation.ts";
import { Graph, interpret, type Tensor } from "../index.ts";
import { customGradient } from "./custom-gradient.ts";
import {
  abs,
  add,
  averagePool,
  broadcastTo,
  concat,
  cos,
  depthToSpace,
  div,
  exp,
  matmul,
  mul,
  neg,
  pad,
  reduceMean,
  reduceSum,
  reshape,
  segment,
  shift,
  sigmoid,
  sign,
  silu,
  sin,
  slice,
  softmax,
  spaceToDepth,
  sqrt,
  square,
  sub,
  swapLast,
  transpose,
  upsample,
} from "./index.ts";

const positive = [0.5, 2] as const;

const cases = [
  traced(
    "add, same shapes",
    [
      [2, 3],
      [2, 3],
    ],
    add,
  ),
  traced("add, a row to a matrix", [[2, 3], [3]], add),
  traced(
    "add, both sides repeated",
    [
      [2, 1, 3],
      [4, 1],
    ],
    add,
  ),
  traced("add, one number", [[1], [2, 1, 2]], add),
  traced("add, one value twice", [[5]], (x) => add(x, x)),
  traced(
    "add, a repeated value to a whole one",
    [
      [1, 3],
      [2, 3],
    ],
    (a, b) => add(broadcastTo(a, [2, 3]), b),
  ),
  traced(
    "sub",
    [
      [3, 2, 1],
      [3, 1, 4],
    ],
    sub,
  ),
  traced("sub from a number", [[2, 3]], (x) => sub(1, x)),
  traced(
    "mul",
    [
      [1, 4],
      [3, 1],
    ],
    mul,
  ),
  traced("mul by a number", [[2, 3]], (x) => mul(x, -2.5)),
  traced(
    "mul of two repeated values",
    [
      [3, 1],
      [1, 2],
    ],
    (a, b) => mul(broadcastTo(a, [3, 2]), broadcastTo(b, [3, 2])),
  ),
  traced(
    "mul of a repeated value by a whole one",
    [
      [1, 2, 1],
      [3, 2, 4],
    ],
    (a, b) => mul(b, broadcastTo(a, [3, 2, 4])),
  ),
  traced(
    "div",
    [
      [2, 3],
      [1, 3],
    ],
    div,
    positive,
  ),
  traced("div, repeated numerator", [[1], [2, 2]], div, positive),
  traced("div of a number", [[4]], (x) => div(2, x), positive),
  traced("neg", [[2, 3]], neg),
  traced("square", [[2, 3]], square),
  traced("square of a repeated value", [[1, 3]], (x) => square(broadcastTo(x, [4, 3]))),
  traced("square, its gradient repeated", [[2, 3]], (x) => reduceSum(square(x), [0, 1])),
  traced("exp", [[7]], exp),
  traced("sqrt", [[7]], sqrt, positive),
  traced("sin", [[7]], sin, [-9, 9]),
  traced("cos", [[7]], cos, [-9, 9]),
  traced("abs, positive", [[7]], abs, positive),
  traced("abs, negative", [[7]], abs, [-2, -0.5]),
  traced("sigmoid", [[9]], sigmoid, [-6, 6]),
  traced("silu", [[9]], silu, [-6, 6]),
  traced("broadcast along three axes", [[1, 2, 1]], (x) => broadcastTo(x, [3, 4, 2, 5])),
  traced("sum over the first axis", [[3, 2]], (x) => reduceSum(x, [0])),
  traced("sum over inner axes, in any order", [[2, 3, 4, 2]], (x) => reduceSum(x, [2, 1])),
  traced("sum over everything", [[2, 1, 3]], (x) => reduceSum(x, [0, 1, 2])),
  traced("sum over no axis", [[2, 3]], (x) => reduceSum(x, [])),
  traced("sum over an axis named twice", [[2, 3]], (x) => reduceSum(x, [1, 1])),
  traced("mean over an axis named twice", [[2, 3]], (x) => reduceMean(x, [1, 1])),
  traced("mean over images and positions", [[2, 3, 2, 5]], (x) => reduceMean(x, [0, 2, 3])),
  traced("softmax of a vector", [[5]], softmax),
  traced("softmax of rows, large logits", [[2, 3, 4]], softmax, [-40, 40]),
  traced("softmax of single numbers", [[3, 1]], (x) => add(softmax(x), x)),
  traced("reshape", [[2, 3, 4]], (x) => reshape(x, [4, 6])),
  traced("reshape to and fro", [[2, 3]], (x) => reshape(reshape(x, [6]), [3, 2])),
  traced("transpose in a cycle", [[2, 3, 4]], (x) => transpose(x, [2, 0, 1])),
  traced("transpose of the last two axes", [[2, 1, 3, 2]], swapLast),
  traced("slice of neighbours", [[3, 5]], (x) => slice(x, 1, 1, 3)),
  traced("slice of one", [[3, 5]], (x) => slice(x, 0, 2, 1)),
  traced("slice of every second", [[2, 7]], (x) => slice(x, 1, 0, 4, 2)),
  traced("slice of every second, even length", [[2, 8]], (x) => slice(x, 1, 1, 4, 2)),
  traced("slice of every third, room at the end", [[10, 2]], (x) => slice(x, 0, 1, 2, 3)),
  traced("slice backwards, all", [[2, 5]], (x) => slice(x, 1, 4, 5, -1)),
  traced("slice backwards, the middle", [[2, 6]], (x) => slice(x, 1, 4, 3, -1)),
  traced("slice backwards, every second", [[7, 2]], (x) => slice(x, 0, 6, 4, -2)),
  traced("slice backwards, every third, room on both sides", [[9]], (x) => slice(x, 0, 7, 2, -3)),
  traced("slice backwards of one", [[3]], (x) => slice(x, 0, 1, 1, -1)),
  traced("pad on both sides", [[2, 3]], (x) => pad(x, 1, 2, 1)),
  traced("pad the first axis", [[1, 2, 2]], (x) => pad(x, 0, 0, 2)),
  traced("shift towards the end", [[2, 4, 3]], (x) => shift(x, 1, 1)),
  traced("shift towards the start, by several", [[2, 5]], (x) => shift(x, 1, -3)),
  traced("shift of the first axis", [[3, 2]], (x) => shift(x, 0, 2)),
  traced("shift by as much as there is", [[2, 3]], (x) => add(x, shift(x, 1, 3))),
  traced("shift by nothing", [[2, 3]], (x) => shift(x, 1, 0)),
  traced("a gradient written by hand", [[2, 3]], (x) =>
    customGradient(mul(x, square(x)), [x], (gradient) => [mul(gradient, mul(square(x), 3))]),
  ),
  traced(
    "concat of channels",
    [
      [2, 1, 3],
      [2, 4, 3],
      [2, 2, 3],
    ],
    (a, b, c) => concat([a, b, c], 1),
  ),
  traced(
    "concat of rows",
    [
      [1, 2],
      [3, 2],
    ],
    (a, b) => concat([a, b], 0),
  ),
  traced("concat of one value twice", [[2, 2]], (x) => concat([x, x], 1)),
  traced("segments with gaps, out of order", [[11]], (x) =>
    concat([segment(x, 7, 3), segment(x, 1, 2), mul(segment(x, 4, 1), 3)], 0),
  ),
  traced("a segment that is everything", [[4]], (x) => exp(segment(x, 0, 4))),
  traced(
    "matmul",
    [
      [2, 3],
      [3, 4],
    ],
    matmul,
  ),
  traced(
    "matmul of a row and a column",
    [
      [1, 5],
      [5, 1],
    ],
    matmul,
  ),
  traced(
    "matmul, outer product",
    [
      [3, 1],
      [1, 2],
    ],
    matmul,
  ),
  traced(
    "matmul of batches",
    [
      [2, 2, 2, 3],
      [2, 2, 3, 1],
    ],
    matmul,
  ),
  traced(
    "matmul, a batch of one",
    [
      [1, 2, 3],
      [1, 3, 2],
    ],
    matmul,
  ),
  traced(
    "matmul, one matrix for the batch on the left",
    [
      [2, 3],
      [4, 3, 2],
    ],
    matmul,
  ),
  traced(
    "matmul, one matrix for the batch on the right",
    [
      [2, 2, 3],
      [3, 5],
    ],
    matmul,
  ),
  traced(
    "matmul with a turned matrix",
    [
      [2, 2, 3],
      [2, 4, 3],
    ],
    (a, b) => matmul(a, swapLast(b)),
  ),
  traced("matmul of a matrix with itself", [[2, 3]], (x) => matmul(x, swapLast(x))),
  traced("averagePool", [[2, 3, 4, 6]], averagePool),
  traced("averagePool of one block", [[1, 1, 2, 2]], averagePool),
  traced("upsample", [[2, 3, 2, 5]], upsample),
  traced("upsample of one pixel", [[1, 1, 1, 1]], upsample),
  traced("spaceToDepth by two", [[2, 3, 4, 6]], (x) => spaceToDepth(x, 2)),
  traced("spaceToDepth by four", [[1, 1, 4, 8]], (x) => spaceToDepth(x, 4)),
  traced("depthToSpace", [[2, 12, 1, 3]], (x) => depthToSpace(x, 2)),
];

describe.each(cases)("$name", (traced) => {
  it("has the gradients that central differences show", () => {
    expectCentralDifferences(differentiate(traced));
  });

  it("gives the interpreter's numbers in ONNX Runtime, forward and backward", async () => {
    const { graph, output, gradients, values } = differentiate(traced);
    const named = gradients.map((gradient, i) => [`gradient${i}`, gradient] as const);
    await expectSameInOnnxRuntime(graph, { output, ...Object.fromEntries(named) }, values);
  });
});

describe("second order", () => {
  it.each([
    traced(
      "div",
      [
        [2, 3],
        [1, 3],
      ],
      div,
      positive,
    ),
    traced("sqrt", [[5]], sqrt, positive),
    traced("exp and sine", [[5]], (x) => mul(exp(x), sin(x))),
    traced("silu", [[5]], silu, [-4, 4]),
    traced("softmax", [[2, 4]], softmax),
    traced(
      "matmul",
      [
        [2, 3],
        [3, 2],
      ],
      matmul,
    ),
    traced("a slice backwards, every second", [[7]], (x) => square(slice(x, 0, 6, 3, -2))),
    traced("pooling", [[1, 2, 4, 2]], (x) => square(upsample(averagePool(square(x))))),
    traced(
      "attention",
      [
        [2, 3],
        [2, 3],
      ],
      (q, k) => matmul(softmax(matmul(q, swapLast(k))), k),
    ),
  ])("$name: the gradient of a gradient is what central differences show", (traced) => {
    expectCentralDifferences(differentiateTwice(traced));
  });
});

describe("sign", () => {
  it("is -1, 0 or 1, in ONNX Runtime too", async () => {
    const graph = new Graph();
    const output = sign(graph.input("x", [7]));
    const x = [-3e30, -0.5, -1e-30, 0, 1e-30, 2, 3e30];
    expect([...interpret([output], { x })[0]!]).toEqual([-1, -1, -1, 0, 1, 1, 1]);
    await expectSameInOnnxRuntime(graph, { output }, { x });
  });
});

describe("space to depth", () => {
  it("holds pixel (y f + fy, x f + fx) of channel c in channel c f f + fy f + fx", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3, 4, 6]);
    const pixels = numbers(x.shape, [-1, 1], "space to depth");
    const [found] = interpret([spaceToDepth(x, 2)], { x: pixels });
    const at = (n: number, c: number, y: number, z: number) => ((n * 3 + c) * 4 + y) * 6 + z;
    let position = 0;
    for (let n = 0; n < 2; n++)
      for (let channel = 0; channel < 12; channel++)
        for (let y = 0; y < 2; y++)
          for (let z = 0; z < 3; z++) {
            const [c, fy, fx] = [channel >> 2, (channel >> 1) & 1, channel & 1];
            expect(found![position++]).toBe(pixels[at(n, c, 2 * y + fy, 2 * z + fx)]);
          }
  });

  it("is undone by depth to space", () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 2, 8, 4]);
    const pixels = numbers(x.shape, [-1, 1], "depth to space");
    const [found] = interpret([depthToSpace(spaceToDepth(x, 4), 4)], { x: pixels });
    expect([...found!]).toEqual([...pixels]);
  });
});

describe("impossible shapes are refused when they are written", () => {
  const graph = new Graph();
  const x = graph.input("x", [2, 3]);
  const image = graph.input("image", [1, 2, 3, 4]);
  it.each<[string, () => Tensor]>([
    ["add", () => add(x, graph.constant(0, [2, 2]))],
    ["matmul", () => matmul(x, x)],
    ["matmul of batches", () => matmul(graph.constant(0, [2, 2, 2]), graph.constant(0, [3, 2, 2]))],
    ["matmul of vectors", () => matmul(graph.constant(0, [3]), graph.constant(0, [3]))],
    ["reshape", () => reshape(x, [4, 2])],
    ["broadcast", () => broadcastTo(x, [2, 4])],
    ["broadcast to fewer axes", () => broadcastTo(x, [3])],
    ["transpose", () => transpose(x, [0, 0])],
    ["slice past the end", () => slice(x, 1, 1, 3)],
    ["slice before the start", () => slice(x, 1, 1, 3, -1)],
    ["slice of an axis that is not there", () => slice(x, 2, 0, 1)],
    ["pad by less than nothing", () => pad(x, 1, -1, 0)],
    ["pad of an axis that is not there", () => pad(x, 2, 1, 0)],
    ["shift of an axis that is not there", () => shift(x, 2, 1)],
    ["shift by half a place", () => shift(x, 1, 0.5)],
    ["concat of different lengths", () => concat([x, graph.constant(0, [3, 2])], 0)],
    ["concat along an axis that is not there", () => concat([x, x], 2)],
    ["segment", () => segment(graph.constant(0, [4]), 2, 3)],
    ["sum over an axis that is not there", () => reduceSum(x, [2])],
    ["averagePool of an odd height", () => averagePool(image)],
    ["spaceToDepth of an odd height", () => spaceToDepth(image, 2)],
    ["ops across graphs", () => add(x, new Graph().input("x", [2, 3]))],
  ])("%s", (_name, build) => {
    expect(build).toThrow();
  });
});

import { describe, expect, it } from "vitest";
import { expectSameInOnnxRuntime, numbers, total } from "../../test/support/differentiation.ts";
import { countTypes, readModel } from "../../test/support/onnx-reader.ts";
import {
  add,
  broadcastTo,
  concat,
  conv2d,
  encodeOnnx,
  exp,
  Graph,
  grad,
  mul,
  reshape,
  segment,
  sigmoid,
  silu,
  slice,
  square,
  transpose,
} from "./index.ts";

describe("common subexpressions", () => {
  it("are one node: the same op on the same values with the same attributes", () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [2, 3]), graph.input("y", [2, 3])];
    expect(add(x, y)).toBe(add(x, y));
    expect(mul(exp(x), 2)).toBe(mul(exp(x), 2));
    expect(transpose(x, [1, 0])).toBe(transpose(x, [1, 0]));
    expect(graph.constant(3, [2])).toBe(graph.constant(3, [2]));
  });

  it("are kept apart when anything differs", () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [4, 4]), graph.input("y", [4, 4])];
    expect(add(x, y)).not.toBe(add(y, x));
    expect(slice(x, 0, 1, 2)).not.toBe(slice(x, 1, 1, 2));
    expect(graph.constant(3, [2])).not.toBe(graph.constant(3, [2, 1]));
    expect(graph.constant(new Float32Array([3]), [1])).not.toBe(
      graph.constant(new Float32Array([4]), [1]),
    );
  });

  it("let the backward pass reuse the forward pass's values", () => {
    const graph = new Graph();
    const x = graph.input("x", [3]);
    const loss = total(silu(x));
    const model = readModel(encodeOnnx(graph, { loss, gradient: grad(loss, [x])[0]! }));
    expect(countTypes(model).Sigmoid).toBe(1);
  });

  it("vanish: axes in their order, shapes unchanged, nothing padded, reshape of a reshape", () => {
    const x = new Graph().input("x", [2, 3]);
    expect(transpose(x, [0, 1])).toBe(x);
    expect(reshape(x, [2, 3])).toBe(x);
    expect(reshape(reshape(x, [6]), [2, 3])).toBe(x);
    expect(slice(x, 1, 0, 3)).toBe(x);
    expect(broadcastTo(x, [2, 3])).toBe(x);
    expect(concat([x], 0)).toBe(x);
  });
});

describe("dead code", () => {
  it("is not encoded: neither nodes nor inputs nor constants that no output needs", () => {
    const graph = new Graph();
    const [x, unused] = [graph.input("x", [2]), graph.input("unused", [2])];
    exp(add(unused, graph.constant(new Float32Array([7, 8]), [2])));
    sigmoid(x);
    const model = readModel(encodeOnnx(graph, { y: square(x) }));
    expect(Object.keys(model.inputs)).toEqual(["x"]);
    expect(countTypes(model)).toEqual({ Mul: 1, Identity: 1 });
    expect(model.initializers).toEqual([]);
  });

  it("covers the forward pass where only the gradient is asked for", () => {
    const graph = new Graph();
    const x = graph.input("x", [3]);
    const [gradient] = grad(total(square(x)), [x]);
    expect(countTypes(readModel(encodeOnnx(graph, { gradient: gradient! }))).ReduceSum).toBe(
      undefined,
    );
  });
});

describe("an encoded model, read by onnx-buf", () => {
  const graph = new Graph();
  const x = graph.input("x", [2, 3, 6, 4]);
  const weight = graph.constant(numbers([5, 3, 3, 3], [-1, 1], "weight"), [5, 3, 3, 3]);
  const bias = graph.input("bias", [5]);
  const y = conv2d(x, weight, bias, { stride: 2, padding: 1 });
  const model = readModel(encodeOnnx(graph, { y, sliced: slice(x, 3, 3, 2, -2) }));

  it("has opset 17 and standard ops only", () => {
    expect(model.opset).toBe(17);
    expect(model.irVersion).toBe(8);
    expect(model.nodes.every(({ domain }) => domain === "")).toBe(true);
    expect(countTypes(model)).toEqual({ Conv: 1, Slice: 1, Identity: 2 });
  });

  it("has the inputs and outputs with their shapes", () => {
    expect(model.inputs).toEqual({ x: [2, 3, 6, 4], bias: [5] });
    expect(model.outputs).toEqual({ y: [2, 5, 3, 2], sliced: [2, 3, 6, 2] });
  });

  it("holds the constants bit for bit", () => {
    const found = model.initializers.find(({ shape }) => shape.length === 4)!;
    expect(found.shape).toEqual([5, 3, 3, 3]);
    expect(found.values).toEqual([...numbers([5, 3, 3, 3], [-1, 1], "weight")]);
  });

  it("wires the convolution to its input, weights and bias, with its attributes", () => {
    const convolution = model.nodes.find(({ type }) => type === "Conv")!;
    const kernel = model.initializers.find(({ shape }) => shape.length === 4)!;
    expect(convolution.inputs).toEqual(["x", kernel.name, "bias"]);
    expect(convolution.attributes).toEqual({
      kernel_shape: [3, 3],
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      dilations: [1, 1],
    });
  });

  it("computes every value once, before it is used", () => {
    const known = new Set([
      "",
      ...Object.keys(model.inputs),
      ...model.initializers.map(({ name }) => name),
    ]);
    for (const { inputs, outputs } of model.nodes) {
      for (const input of inputs) expect(known).toContain(input);
      for (const output of outputs) {
        expect(known).not.toContain(output);
        known.add(output);
      }
    }
    for (const output of Object.keys(model.outputs)) expect(known).toContain(output);
  });

  it("shares equal small constants", () => {
    const graph = new Graph();
    const x = graph.input("x", [4, 4]);
    const parts = [slice(x, 0, 0, 1), slice(x, 0, 1, 1), slice(x, 0, 2, 1), slice(x, 0, 3, 1)];
    const twice = parts.map((part) => mul(part, 2));
    const model = readModel(encodeOnnx(graph, { y: concat(twice, 0) }));
    const texts = model.initializers.map(({ shape, values }) => `${shape}:${values}`);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it("cuts all segments of a vector, and the gaps, with a single Split", () => {
    const graph = new Graph();
    const x = graph.input("x", [10]);
    const y = concat([segment(x, 6, 3), exp(segment(x, 1, 2))], 0);
    segment(x, 3, 1); // dead
    const model = readModel(encodeOnnx(graph, { y }));
    const split = model.nodes.filter(({ type }) => type === "Split");
    expect(split).toHaveLength(1);
    const sizes = model.initializers.find(({ name }) => name === split[0]!.inputs[1])!;
    expect(sizes.values).toEqual([1, 2, 3, 3, 1]);
  });

  it("refuses overlapping segments", () => {
    const graph = new Graph();
    const x = graph.input("x", [10]);
    const y = concat([segment(x, 0, 4), segment(x, 2, 4)], 0);
    expect(() => encodeOnnx(graph, { y })).toThrow("overlap");
  });
});

describe("names", () => {
  it("may be anything for inputs and outputs, what the encoder calls its own values included", async () => {
    const graph = new Graph();
    const values = { t0: [1, 2], t1: [3, 4], c0: [5, 6], c1: [7, 8] };
    const [a, b, c, d] = Object.keys(values).map((name) => graph.input(name, [2])) as [
      ReturnType<Graph["input"]>,
      ...ReturnType<Graph["input"]>[],
    ];
    const t2 = add(mul(add(a, b!), 2), mul(add(c!, d!), 3));
    await expectSameInOnnxRuntime(graph, { t2, c2: exp(t2) }, values);
  });

  it("of one value may be two, and an input may be an output", async () => {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    const y = exp(x);
    await expectSameInOnnxRuntime(graph, { y, again: y, same: x }, { x: [1, 2] });
  });

  it("of an output must not be that of an input", () => {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    expect(() => encodeOnnx(graph, { x: exp(x) })).toThrow('"x"');
  });

  it("of inputs are unique", () => {
    const graph = new Graph();
    graph.input("x", [2]);
    expect(() => graph.input("x", [3])).toThrow('"x"');
  });
});

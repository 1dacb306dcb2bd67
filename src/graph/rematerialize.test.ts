import { describe, expect, it } from "vitest";
import {
  differentiate,
  expectCentralDifferences,
  expectSameInOnnxRuntime,
  largest,
  largestDifference,
  numbers,
  total,
  traced,
} from "../../test/support/differentiation.ts";
import { countTypes, readModel } from "../../test/support/onnx-reader.ts";
import {
  encodeOnnx,
  exp,
  Graph,
  grad,
  interpret,
  controlDependency as later,
  matmul,
  mul,
  rematerialize,
  silu,
  sin,
  type Tensor,
} from "./index.ts";

/** Two layers of which the first is large; w is used twice. */
function layers([x]: readonly Tensor[], [w, v]: readonly Tensor[]): Tensor {
  return matmul(silu(matmul(sin(matmul(x!, w!)), w!)), v!);
}

const shapes = [
  [2, 3],
  [3, 3],
  [3, 2],
] as const;
const plain = traced("layers", shapes, (x, w, v) => layers([x!], [w!, v!]));
const kept = traced("layers", shapes, (x, w, v) => rematerialize([x!], [w!, v!], layers));
const nested = traced("layers", shapes, (x, w, v) =>
  rematerialize([x!], [w!, v!], ([a], parameters) => rematerialize([a!], parameters, layers)),
);

it("a rematerialize refuses a tensor given twice", () => {
  const x = new Graph().input("x", [2]);
  expect(() => rematerialize([x, x], [], ([a, b]) => mul(a!, b!))).toThrow(/given twice/);
  expect(() => rematerialize([x], [x], ([a], [b]) => mul(a!, b!))).toThrow(/given twice/);
});

describe.each([
  ["a rematerialize", kept],
  ["a rematerialize in a rematerialize", nested],
])("%s", (_name, problem) => {
  it("has the value and the gradients of what it is made of", () => {
    const [found, expected] = [differentiate(problem), differentiate(plain)];
    const values = interpret([found.output, ...found.gradients], found.values);
    const others = interpret([expected.output, ...expected.gradients], expected.values);
    values.forEach((value, i) => {
      expect(largestDifference(value, others[i]!)).toBeLessThan(1e-14 * largest(others[i]!));
    });
  });

  it("has the gradients that central differences show", () => {
    expectCentralDifferences(differentiate(problem));
  });

  it("gives the interpreter's numbers in ONNX Runtime, with and without known shapes", async () => {
    const { graph, output, gradients, values } = differentiate(problem);
    const [dx, dw, dv] = gradients;
    const outputs = { output, dx: dx!, dw: dw!, dv: dv! };
    for (const shapesKnown of [true, false])
      await expectSameInOnnxRuntime(graph, outputs, values, 1e-5, { shapesKnown });
  });
});

describe("a rematerialize", () => {
  it("computes its inside once more for the backward pass, and only then", () => {
    const { graph, output, gradients } = differentiate(kept);
    const count = (outputs: Record<string, Tensor>) =>
      countTypes(readModel(encodeOnnx(graph, outputs))).Sin;
    expect(count({ output })).toBe(1);
    expect(count({ output, dx: gradients[0]! })).toBe(2);
    const other = differentiate(plain);
    expect(
      countTypes(
        readModel(encodeOnnx(other.graph, { output: other.output, dx: other.gradients[0]! })),
      ).Sin,
    ).toBe(1);
  });

  it("is kept apart from its neighbours: a chain has the gradient of the plain chain", () => {
    const build = (one: (x: Tensor) => Tensor) => {
      const graph = new Graph();
      const x = graph.input("x", [4]);
      return grad(total(mul(one(one(one(x))), 2)), [x])[0]!;
    };
    const step = (x: Tensor) => sin(exp(x));
    const values = { x: numbers([4], [-1, 1], "chain") };
    const [a] = interpret([build((x) => rematerialize([x], [], ([y]) => step(y!)))], values);
    const [b] = interpret([build(step)], values);
    expect(largestDifference(a!, b!)).toBeLessThan(1e-14);
  });

  it("says when the value does not depend on an input", () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [2]), graph.input("y", [2])];
    const value = rematerialize([x, y], [], ([a]) => sin(a!));
    expect(() => grad(total(value), [x])).toThrow("does not depend");
  });
});

describe("controlDependency", () => {
  it("is another node with the same value, whose gradient goes to the value alone", async () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [2, 3]), graph.input("y", [4])];
    const found = later(x, [y, exp(y)]);
    expect(found).not.toBe(x);
    expect(later(x, [])).toBe(x);
    expect(() => grad(total(found), [y])).toThrow("does not depend");
    const values = {
      x: numbers([2, 3], [-1, 1], "x"),
      y: Float32Array.of(1, Number.NaN, 100, 1e9),
    };
    await expectSameInOnnxRuntime(graph, { found }, { ...values, y: Float32Array.of(0, 1, 2, 3) });
    expect([...interpret([found], values)[0]!]).toEqual([...values.x].map(Number));
  });
});

import { describe, expect, it } from "vitest";
import { total } from "../../test/support/differentiation.ts";
import { add, exp, Graph, grad, interpret, matmul, mul, sin, square } from "./index.ts";

describe("grad", () => {
  it("adds up what every path contributes: d(x^2 + 3x + x sin x) = 2x + 3 + sin x + x cos x", () => {
    const graph = new Graph();
    const x = graph.input("x", [1]);
    const loss = add(add(square(x), mul(x, 3)), mul(x, sin(x)));
    const [gradient] = interpret(grad(loss, [x]), { x: [0.7] });
    expect(gradient![0]).toBeCloseTo(1.4 + 3 + Math.sin(0.7) + 0.7 * Math.cos(0.7), 12);
  });

  it("returns the gradients in the order and shapes of the parameters", () => {
    const graph = new Graph();
    const [a, b] = [graph.input("a", [2, 3]), graph.input("b", [3, 1])];
    const loss = total(matmul(a, b));
    const gradients = grad(loss, [b, a]);
    expect(gradients.map(({ shape }) => shape)).toEqual([b.shape, a.shape]);
    const [db, da] = interpret(gradients, { a: [1, 2, 3, 4, 5, 6], b: [7, 8, 9] });
    expect([...da!]).toEqual([7, 8, 9, 7, 8, 9]);
    expect([...db!]).toEqual([5, 7, 9]);
  });

  it("gives the loss itself the gradient 1", () => {
    const x = new Graph().input("x", [1, 1]);
    expect([...interpret(grad(x, [x]), { x: [5] })[0]!]).toEqual([1]);
  });

  it("gives both gradients when one parameter is computed from another", () => {
    const x = new Graph().input("x", [1]);
    const y = exp(x);
    const [dx, dy] = interpret(grad(square(y), [x, y]), { x: [0.5] });
    expect(dy![0]).toBeCloseTo(2 * Math.exp(0.5), 12);
    expect(dx![0]).toBeCloseTo(2 * Math.exp(1), 12);
  });

  it("third derivative of x^5 is 60 x^2", () => {
    const x = new Graph().input("x", [1]);
    let y = mul(square(square(x)), x);
    for (let order = 0; order < 3; order++) y = grad(y, [x])[0]!;
    expect(interpret([y], { x: [1.5] })[0]![0]).toBeCloseTo(60 * 1.5 ** 2, 10);
  });

  it("refuses a loss that is not one number, and one that does not depend on a parameter", () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [2]), graph.input("y", [1])];
    expect(() => grad(x, [x])).toThrow("not a single number");
    expect(() => grad(square(y), [y, x])).toThrow("does not depend");
  });
});

describe("interpret", () => {
  it("names the input that was not given, does not exist or has the wrong length", () => {
    const x = new Graph().input("x", [2]);
    expect(() => interpret([exp(x)], {})).toThrow('"x"');
    expect(() => interpret([exp(x)], { x: [1, 2], z: [1] })).toThrow('"z"');
    expect(() => interpret([exp(x)], { x: [1, 2, 3] })).toThrow('"x" needs 2 numbers');
  });
});

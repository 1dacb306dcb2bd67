import { describe, expect, it } from "vitest";
import {
  differentiate,
  differentiateTwice,
  expectCentralDifferences,
  expectSameInOnnxRuntime,
  largestDifference,
  numbers,
  traced,
} from "../../../test/support/differentiation.ts";
import { Graph, interpret, type Shape } from "../index.ts";
import { silu } from "./index.ts";
import { rowConvolution } from "./row-convolution.ts";

/** x [G,Ci,R,W] and weights [G,Co,K,Ci]; more than 16 Co positions are convolved by ONNX's Conv. */
const shapes: [string, Shape, Shape][] = [
  ["one group, a product", [1, 2, 3, 4], [1, 3, 3, 2]],
  ["one group, convolved", [1, 2, 5, 7], [1, 2, 3, 2]],
  ["six groups, a product", [6, 2, 1, 4], [6, 2, 3, 2]],
  ["six groups, convolved", [6, 1, 4, 9], [6, 2, 3, 1]],
  ["one position", [2, 2, 1, 1], [2, 2, 3, 2]],
  ["one channel in and out", [3, 1, 2, 3], [3, 1, 3, 1]],
  ["one tap", [2, 2, 3, 2], [2, 3, 1, 2]],
  ["five taps, convolved", [2, 2, 3, 6], [2, 1, 5, 2]],
  ["more taps than columns", [1, 2, 2, 2], [1, 2, 7, 2]],
];

describe.each(shapes)("row convolution, %s", (name, xShape, weightShape) => {
  const problem = traced(name, [xShape, weightShape], (x, weight) => rowConvolution(x, weight!));

  it("is the sum over taps and channels, zeros beyond the ends of the rows", () => {
    const graph = new Graph();
    const [x, weight] = [graph.input("x", xShape), graph.input("weight", weightShape)];
    const values = {
      x: numbers(xShape, [-1, 1], name, "x"),
      weight: numbers(weightShape, [-1, 1], name, "weight"),
    };
    const [found] = interpret([rowConvolution(x, weight)], values);
    expect(largestDifference(found!, byDefinition(xShape, weightShape, values))).toBeLessThan(
      1e-12,
    );
  });

  it("has the gradients that central differences show", () => {
    expectCentralDifferences(differentiate(problem));
  });

  it("gives the interpreter's numbers in ONNX Runtime, forward and backward", async () => {
    const { graph, output, gradients, values } = differentiate(problem);
    const [dx, dw] = gradients;
    await expectSameInOnnxRuntime(graph, { output, dx: dx!, dw: dw! }, values);
  });

  it("has the second derivatives that central differences show", () => {
    expectCentralDifferences(
      differentiateTwice(
        traced(name, [xShape, weightShape], (x, weight) => silu(rowConvolution(x, weight!))),
      ),
    );
  });
});

describe("row convolution", () => {
  it("with weights baked in gives the same numbers", async () => {
    const graph = new Graph();
    const weight = graph.constant(numbers([6, 2, 3, 2], [-1, 1], "baked"), [6, 2, 3, 2]);
    const x = numbers([6, 2, 1, 4], [-1, 1], "baked x");
    const output = rowConvolution(graph.input("x", [6, 2, 1, 4]), weight);
    await expectSameInOnnxRuntime(graph, { output }, { x });
  });

  it("refuses other groups, other channels and an even number of taps", () => {
    const x = new Graph().input("x", [2, 3, 4, 5]);
    for (const shape of [
      [1, 2, 3, 3],
      [2, 2, 3, 2],
      [2, 2, 2, 3],
    ]) {
      expect(() => rowConvolution(x, x.graph.input(`weight ${shape}`, shape))).toThrow();
    }
  });
});

function byDefinition(
  [groups, ci, rows, w]: readonly number[],
  [, co, taps]: readonly number[],
  { x, weight }: { readonly x: Float32Array; readonly weight: Float32Array },
): number[] {
  const out: number[] = [];
  for (let g = 0; g < groups!; g++)
    for (let o = 0; o < co!; o++)
      for (let row = 0; row < rows!; row++)
        for (let column = 0; column < w!; column++) {
          let sum = 0;
          for (let tap = 0; tap < taps!; tap++)
            for (let c = 0; c < ci!; c++) {
              const from = column + tap - (taps! - 1) / 2;
              if (from < 0 || from >= w!) continue;
              sum +=
                x[((g * ci! + c) * rows! + row) * w! + from]! *
                weight[((g * co! + o) * taps! + tap) * ci! + c]!;
            }
          out.push(sum);
        }
  return out;
}

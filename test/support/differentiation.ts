/** What gradients and ONNX lowerings are held against: central differences and the interpreter. */
import { expect } from "vitest";
import {
  add,
  encodeOnnx,
  Graph,
  grad,
  interpret,
  mul,
  reduceSum,
  type Shape,
  size,
  type Tensor,
} from "../../src/graph/index.ts";
import type { EncodingOptions } from "../../src/graph/onnx.ts";
import { reachable } from "../../src/graph/tensor.ts";
import { openSession } from "../../src/runtime/node/session.ts";
import type { EngineTensors } from "../../src/runtime/runtime.ts";
import { Random, type SeedPart } from "../../src/util/random.ts";

/** A function of tensors of the given shapes, written with ops. */
export interface Traced {
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly build: (...inputs: Tensor[]) => Tensor;
  /** Where the inputs are drawn from. */
  readonly range: readonly [number, number];
}

export function traced(
  name: string,
  shapes: readonly Shape[],
  build: (...inputs: Tensor[]) => Tensor,
  range: readonly [number, number] = [-1, 1],
): Traced {
  return { name, shapes, build, range };
}

export type Values = Record<string, ArrayLike<number>>;

/** A scalar function of the inputs x0, x1, ..., its gradients, and a point. */
export interface Problem {
  readonly graph: Graph;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly loss: Tensor;
  readonly gradients: readonly Tensor[];
  readonly values: Values;
}

/** The function's output and the gradients of a random linear functional of it. */
export function differentiate({ name, shapes, build, range }: Traced): Problem {
  const graph = new Graph();
  const inputs = shapes.map((shape, i) => graph.input(`x${i}`, shape));
  const output = build(...inputs);
  const loss = total(mul(output, graph.input("functional", output.shape)));
  const values: Values = { functional: numbers(output.shape, [-1, 1], name, "functional") };
  inputs.forEach((input, i) => {
    values[`x${i}`] = numbers(input.shape, range, name, i);
  });
  return { graph, inputs, output, loss, gradients: grad(loss, inputs), values };
}

/** The same for a random linear functional of the function's first gradients. */
export function differentiateTwice(problem: Traced): Problem {
  const { graph, inputs, gradients, values } = differentiate(problem);
  const parts = gradients.map((gradient, i) => {
    values[`direction${i}`] = numbers(gradient.shape, [-1, 1], problem.name, "direction", i);
    return total(mul(gradient, graph.input(`direction${i}`, gradient.shape)));
  });
  const loss = parts.reduce((a, b) => add(a, b));
  return { graph, inputs, output: loss, loss, gradients: grad(loss, inputs), values };
}

/** Float32 numbers drawn uniformly from a range, the same for the same name. */
export function numbers(
  shape: Shape,
  [low, high]: readonly [number, number],
  ...name: SeedPart[]
): Float32Array {
  const random = Random.from("test numbers", ...name);
  return Float32Array.from({ length: size(shape) }, () => random.between(low, high));
}

/** The sum of all numbers, [1, ..., 1]. */
export function total(x: Tensor): Tensor {
  return reduceSum(
    x,
    x.shape.map((_, axis) => axis),
  );
}

/** Elements of each input that are moved; which ones is drawn at random. */
const PROBES = 12;
const STEP = 1e-4;

/** Every gradient is what moving single numbers of the inputs shows (error of order STEP^2). */
export function expectCentralDifferences({ inputs, loss, gradients, values }: Problem): void {
  const found = interpret(gradients, values);
  inputs.forEach((input, k) => {
    expect(gradients[k]!.shape).toEqual(input.shape);
    const count = size(input.shape);
    const scale = largest(found[k]!) + 1e-3;
    const random = Random.from("probes", k);
    for (let probe = 0; probe < Math.min(PROBES, count); probe++) {
      const i = count <= PROBES ? probe : random.integer(0, count - 1);
      const at = (offset: number) => {
        const moved = Float64Array.from(values[`x${k}`]!);
        moved[i]! += offset;
        return interpret([loss], { ...values, [`x${k}`]: moved })[0]![0]!;
      };
      const difference = (at(STEP) - at(-STEP)) / (2 * STEP);
      expect(Math.abs(difference - found[k]![i]!) / scale).toBeLessThan(1e-6);
    }
  });
}

/** ONNX Runtime computes in float32 what the interpreter computes in float64. */
export async function expectSameInOnnxRuntime(
  graph: Graph,
  outputs: Record<string, Tensor>,
  values: Values,
  tolerance = 1e-5,
  encoding?: EncodingOptions,
): Promise<void> {
  const session = await openSession(encodeOnnx(graph, outputs, encoding));
  const needed = new Set(reachable(Object.values(outputs)));
  const feeds: EngineTensors = {};
  for (const [name, tensor] of graph.inputs) {
    if (needed.has(tensor))
      feeds[name] = { data: Float32Array.from(values[name]!), shape: tensor.shape };
  }
  const found = await session.run(feeds);
  await session.release();
  const wanted = interpret(Object.values(outputs), values);
  for (const [i, [name, { shape }]] of Object.entries(outputs).entries()) {
    expect(found[name]!.shape).toEqual(shape);
    expect(largestDifference(found[name]!.data, wanted[i]!)).toBeLessThan(
      tolerance * Math.max(1, largest(wanted[i]!)),
    );
  }
}

export function largest(x: ArrayLike<number>): number {
  return Array.from(x).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** NaN when a number is missing or is not one. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  return largest(Array.from(a, (value, i) => value - b[i]!));
}

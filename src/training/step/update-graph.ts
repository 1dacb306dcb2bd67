/**
 * The optimizer as a graph, for a device that keeps the training state: clipping by the global
 * norm, Adam and the averages, as in `optimizer.ts`, over whole vectors.
 */
import {
  abs,
  add,
  div,
  encodeOnnx,
  Graph,
  lowerings,
  mul,
  pad,
  reduceSum,
  reshape,
  sqrt,
  square,
  sub,
  type Tensor,
} from "../../graph/index.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import {
  BETA1,
  BETA2,
  biasCorrection,
  EPSILON,
  type Hyperparameters,
  type VectorName,
} from "./optimizer.ts";

/** What a vector of the state is called after the update. */
export const updated = (vector: VectorName): string => `next ${vector}`;

/** The averages, and the scalar that is the decay of each. */
const decays = { ema: "decay", emaShort: "shortDecay", emaLong: "longDecay" } as const;

/** Sums of so many numbers first: one sum over millions would keep one core of a GPU busy. */
const ROW = 1024;

/**
 * Inputs: the state's vectors and `gradient` [P], and what `updateScalars` gives, [1] each.
 * Outputs: the vectors after the update (`updated`) [P], and `norm` [1], the gradient's before
 * clipping.
 * @param names the vectors that the state has
 */
export function updateGraph(count: number, names: readonly VectorName[]): Uint8Array {
  const graph = new Graph();
  const input = (name: string) => graph.input(name, [count]);
  const scalar = (name: string) => graph.input(name, [1]);
  const [parameters, m, v] = [input("parameters"), input("m"), input("v")];
  const averages = names.filter((name) => name in decays) as (keyof typeof decays)[];
  const gradient = input("gradient");
  const norm = sqrt(sumOfSquares(gradient));
  const clip = scalar("clip");
  // |a - b| + a + b is twice the larger one.
  const larger = mul(add(add(norm, clip), abs(sub(norm, clip))), 0.5);
  const g = mul(gradient, div(clip, larger));
  const first = add(mul(m, BETA1), mul(g, 1 - BETA1));
  const second = add(mul(v, BETA2), mul(square(g), 1 - BETA2));
  const root = add(mul(sqrt(second), scalar("correction")), EPSILON);
  const value = sub(parameters, div(mul(first, scalar("rate")), root));
  const averaged = averages.map((name) => {
    const average = add(value, mul(sub(input(name), value), scalar(decays[name])));
    return [updated(name), average] as const;
  });
  return encodeOnnx(
    graph,
    {
      [updated("parameters")]: value,
      ...Object.fromEntries(averaged),
      [updated("m")]: first,
      [updated("v")]: second,
      norm,
    },
    { maxBindings: lowerings.gpu.maxBindings },
  );
}

/** The scalars of `updateGraph` for the update number `step` (from 1). */
export function updateScalars(
  step: number,
  { learningRate, emaDecay, shortDecay, longDecay, clip }: Hyperparameters,
): Readonly<Record<string, number>> {
  return {
    ...biasCorrection(step, learningRate),
    ...omitUndefined({ decay: emaDecay, shortDecay, longDecay }),
    clip: Math.min(clip, NEVER),
  };
}

/** A norm that no gradient has, and that float32 can add to another. */
const NEVER = 1e30;

/** Of a vector, [1]. */
function sumOfSquares(vector: Tensor): Tensor {
  const [count] = vector.shape as [number];
  const rows = Math.ceil(count / ROW);
  const padded = pad(vector, 0, 0, rows * ROW - count);
  const sums = reduceSum(square(reshape(padded, [rows, ROW])), [1]);
  return reshape(reduceSum(reshape(sums, [1, rows]), [1]), [1]);
}

/**
 * Fits sin(x) with a network of one hidden layer, on `graph` alone:
 * `npx tsx examples/fit-a-function.ts [STEPS]`.
 */
import {
  add,
  Graph,
  grad,
  interpret,
  matmul,
  reduceMean,
  sigmoid,
  square,
  sub,
} from "palette-diffusion/graph";

const [steps = "1000"] = process.argv.slice(2);
const points = 64;
const hidden = 16;

// Calling an op records a node; nothing is computed yet.
const graph = new Graph();
const x = graph.input("x", [points, 1]);
const y = graph.input("y", [points, 1]);
const shapes = { w1: [1, hidden], b1: [1, hidden], w2: [hidden, 1], b2: [1, 1] };
const [w1, b1, w2, b2] = Object.entries(shapes).map(([name, shape]) => graph.input(name, shape));
const output = add(matmul(sigmoid(add(matmul(x, w1!), b1!)), w2!), b2!);
const loss = reduceMean(square(sub(output, y)), [0, 1]);
const gradients = grad(loss, [w1!, b1!, w2!, b2!]);

const xs = Float64Array.from({ length: points }, (_, i) => (6 * i) / (points - 1) - 3);
const weights = Object.entries(shapes).map(([name, [rows = 1, columns = 1]]) => {
  const values = Float64Array.from({ length: rows * columns }, (_, i) => 2 * Math.sin(7 * i + 1));
  return { name, values, velocity: new Float64Array(values.length) };
});
for (let step = 0; step <= Number(steps); step++) {
  const feeds = Object.fromEntries(weights.map(({ name, values }) => [name, values]));
  const [error, ...slopes] = interpret([loss, ...gradients], {
    x: xs,
    y: xs.map(Math.sin),
    ...feeds,
  });
  if (step % 100 === 0) console.log(`step ${step}: mean squared error ${error![0]!.toFixed(6)}`);
  for (const [k, { values, velocity }] of weights.entries()) {
    for (let i = 0; i < values.length; i++) {
      velocity[i] = 0.9 * velocity[i]! - 0.05 * slopes[k]![i]!;
      values[i]! += velocity[i]!;
    }
  }
}

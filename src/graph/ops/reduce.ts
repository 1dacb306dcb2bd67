/** Sums over axes, and softmax. */
import { defineOp, size, type Tensor } from "../tensor.ts";
import { broadcastSource, broadcastTo } from "./broadcast.ts";
import { mul, sub } from "./elementwise.ts";

const reduceSumOp = defineOp<{ axes: readonly number[] }>({
  name: "reduceSum",
  infer: ([x], { axes }) => x!.shape.map((dimension, i) => (axes.includes(i) ? 1 : dimension)),
  vjp: (node, _attributes, gradient) => [broadcastTo(gradient, node.inputs[0]!.shape)],
  lower: (lowering, _node, { axes }, [input]) =>
    lowering.node("ReduceSum", [input!, lowering.integers(axes)], { keepdims: 1 }),
  evaluate: (node, _attributes, [x]) => {
    const out = new Float64Array(size(node.shape));
    const index = broadcastSource(node.shape, node.inputs[0]!.shape);
    x!.forEach((value, i) => {
      out[index(i)]! += value;
    });
    return out;
  },
});

/** Sum over the axes, which stay with size 1. */
export function reduceSum(x: Tensor, axes: readonly number[]): Tensor {
  const sorted = [...new Set(axes)].sort((a, b) => a - b);
  // ONNX takes an empty list of axes for all of them.
  if (sorted.length === 0) return x;
  if (sorted.some((axis) => axis < 0 || axis >= x.shape.length))
    throw new Error(`reduceSum: axes [${axes}] do not fit the shape [${x.shape}]`);
  // The last axes first: their sums are over contiguous memory, the rest has little left to do.
  let last = sorted.length;
  while (last > 0 && sorted[last - 1] === x.shape.length - 1 - (sorted.length - last)) last--;
  if (last === 0 || last === sorted.length) return reduceSumOp([x], { axes: sorted });
  return reduceSumOp([reduceSumOp([x], { axes: sorted.slice(last) })], {
    axes: sorted.slice(0, last),
  });
}

/** Mean over the axes, which stay with size 1. */
export function reduceMean(x: Tensor, axes: readonly number[]): Tensor {
  const sum = reduceSum(x, axes);
  return mul(sum, size(sum.shape) / size(x.shape));
}

const softmaxOp = defineOp<null>({
  name: "softmax",
  infer: ([x]) => x!.shape,
  vjp: (node, _none, gradient) => {
    const inner = reduceSum(mul(gradient, node), [node.shape.length - 1]);
    return [mul(sub(gradient, inner), node)];
  },
  lower: (lowering, _node, _none, inputs) => lowering.node("Softmax", inputs, { axis: -1 }),
  evaluate: (node, _none, [x]) => {
    const width = node.shape[node.shape.length - 1]!;
    const out = new Float64Array(x!.length);
    for (let start = 0; start < out.length; start += width) {
      const row = x!.subarray(start, start + width);
      const largest = row.reduce((a, b) => Math.max(a, b));
      const exponentials = row.map((value) => Math.exp(value - largest));
      const total = exponentials.reduce((a, b) => a + b);
      out.set(
        exponentials.map((value) => value / total),
        start,
      );
    }
    return out;
  },
});

/** Softmax over the last axis. */
export function softmax(x: Tensor): Tensor {
  return softmaxOp([x], null);
}

/** Means and softmax: what normalising layers are made of. */
import { defineOp, size, type Tensor } from "../tensor.ts";
import { mul, sub } from "./elementwise.ts";
import { reduceSum } from "./reduce.ts";

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
  emit: (emitter, _node, _none, inputs) => emitter.node("Softmax", inputs, { axis: -1 }),
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

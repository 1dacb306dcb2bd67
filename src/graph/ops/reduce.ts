/** Broadcasting to a shape, and its transpose: sums over axes. */
import { defineOp, type Shape, size, type Tensor } from "../tensor.ts";
import { reshape } from "./shape.ts";

const broadcastOp = defineOp<{ shape: Shape }>({
  name: "broadcast",
  infer: ([x], { shape }) => {
    const extra = shape.length - x!.shape.length;
    if (extra < 0 || x!.shape.some((d, i) => d !== 1 && d !== shape[i + extra]))
      throw new Error(`broadcast: [${x!.shape}] to [${shape}]`);
    return shape;
  },
  vjp: (node, _attributes, gradient) => [reduceTo(gradient, node.inputs[0]!.shape)],
  emit: (emitter, node, _attributes, [input]) =>
    emitter.node("Expand", [input!, emitter.integers(node.shape)]),
  evaluate: (node, _attributes, [x]) => {
    const index = broadcastSource(node.inputs[0]!.shape, node.shape);
    return Float64Array.from({ length: size(node.shape) }, (_, i) => x![index(i)]!);
  },
});

/** Repeats x along its axes of size 1 until it has the shape. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return x.shape.join() === shape.join() ? x : broadcastOp([x], { shape });
}

/** Sums the gradient of a broadcast value over the axes along which it was repeated. */
export function reduceTo(gradient: Tensor, shape: Shape): Tensor {
  if (gradient.shape.join() === shape.join()) return gradient;
  const extra = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((dimension, i) =>
    i < extra || (shape[i - extra] === 1 && dimension !== 1) ? [i] : [],
  );
  return reshape(axes.length > 0 ? reduceSum(gradient, axes) : gradient, shape);
}

/** Maps an index into the broadcast shape to the index of the element it repeats. */
export function broadcastSource(from: Shape, to: Shape): (index: number) => number {
  const strides: number[] = [];
  let stride = 1;
  for (let i = to.length - 1; i >= 0; i--) {
    const dimension = from[i - (to.length - from.length)] ?? 1;
    strides[i] = dimension === 1 ? 0 : stride;
    stride *= dimension;
  }
  return (index) => {
    let rest = index;
    let source = 0;
    for (let i = to.length - 1; i >= 0; i--) {
      source += (rest % to[i]!) * strides[i]!;
      rest = Math.floor(rest / to[i]!);
    }
    return source;
  };
}

const reduceSumOp = defineOp<{ axes: readonly number[] }>({
  name: "reduceSum",
  infer: ([x], { axes }) => x!.shape.map((dimension, i) => (axes.includes(i) ? 1 : dimension)),
  vjp: (node, _attributes, gradient) => [broadcastTo(gradient, node.inputs[0]!.shape)],
  emit: (emitter, _node, { axes }, [input]) =>
    emitter.node("ReduceSum", [input!, emitter.integers(axes)], { keepdims: 1 }),
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

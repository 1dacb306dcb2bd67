/** Broadcasting to a shape, and its transpose: summing back to one. */
import { defineOp, type Shape, size, type Tensor } from "../tensor.ts";
import { reduceSum } from "./reduce.ts";
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
  lower: (lowering, node, _attributes, [input]) =>
    lowering.node("Expand", [input!, lowering.integers(node.shape)]),
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

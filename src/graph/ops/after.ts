/** An order of evaluation that the values themselves do not ask for. */
import { defineOp, type Tensor } from "../tensor.ts";

const INT64 = 7;

const afterOp = defineOp<null>({
  name: "after",
  infer: ([x]) => x!.shape,
  vjp: (_node, _none, gradient) => [gradient],
  lower: (lowering, node, _none, [x, ...others]) => {
    // A reshape copies nothing. What makes it wait is that its shape takes a number of each of the
    // others, of which nothing is left; ONNX Runtime does not see through that.
    const numbers = others.map((other) => {
      const flat = lowering.node("Reshape", [other, lowering.integers([-1])]);
      return lowering.node("Slice", [flat, lowering.integers([0]), lowering.integers([1])]);
    });
    const strange = lowering.node("IsNaN", [lowering.node("Concat", numbers, { axis: 0 })]);
    const counted = lowering.node("Cast", [strange], { to: INT64 });
    const one = lowering.node("ReduceSum", [counted, lowering.integers([0])], { keepdims: 1 });
    const nothing = lowering.node("Mul", [one, lowering.integers([0])]);
    const shape = lowering.node("Add", [nothing, lowering.integers(node.shape)]);
    return lowering.node("Reshape", [x!, shape]);
  },
  evaluate: (_node, _none, [x]) => x!,
});

/**
 * x itself, but not before the others are there, and not the same node as x: what is computed from it
 * is computed anew.
 */
export function after(x: Tensor, others: readonly Tensor[]): Tensor {
  return others.length === 0 ? x : afterOp([x, ...others], null);
}

/** Replacing the derived gradient of a composition by an equal one that runs faster. */
import { defineOp, type Tensor } from "../tensor.ts";

/**
 * `value` itself, whose gradient goes straight to `inputs` as `vjp` says, instead of back through
 * the ops that `value` was composed of. Costs nothing when run.
 */
export function customGradient(
  value: Tensor,
  inputs: readonly Tensor[],
  vjp: (gradient: Tensor) => Tensor[],
): Tensor {
  const op = defineOp<null>({
    name: "customGradient",
    sources: 1,
    infer: ([composed]) => composed!.shape,
    vjp: (_node, _none, gradient) => [undefined, ...vjp(gradient)],
    emit: (_emitter, _node, _none, [composed]) => composed!,
    evaluate: (_node, _none, [composed]) => composed!,
  });
  return op([value, ...inputs], null);
}

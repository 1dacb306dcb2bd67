/**
 * Trading time for memory: the backward pass computes a part of the forward pass once more, and
 * only the part's inputs are kept (Chen et al., "Training Deep Nets with Sublinear Memory Cost").
 */
import { pullback } from "./grad.ts";
import { controlDependency, customGradient } from "./ops/index.ts";
import type { Tensor } from "./tensor.ts";

/** How many parts are being traced again: what is computed once more is needed at once. */
let retracing = 0;

/**
 * `build(inputs, parameters)`. Of all its values the backward pass keeps the inputs only. The
 * gradients of the inputs are computed after those of the parameters, so that no gradient waits for
 * the end of the backward pass. `build` is called again with other tensors: it must take everything
 * but constants from its arguments. Throws when a tensor is given twice.
 */
export function rematerialize(
  inputs: readonly Tensor[],
  parameters: readonly Tensor[],
  build: (inputs: readonly Tensor[], parameters: readonly Tensor[]) => Tensor,
): Tensor {
  const given = [...inputs, ...parameters];
  if (new Set(given).size < given.length)
    throw new Error("rematerialize: a tensor is given twice, and its gradient would count twice");
  const value = build(inputs, parameters);
  if (retracing > 0) return value;
  return customGradient(value, given, (gradient) => {
    const delayed = (tensors: readonly Tensor[]) =>
      tensors.map((tensor) => controlDependency(tensor, [gradient]));
    const [first, second] = [delayed(inputs), delayed(parameters)];
    const gradients = pullback(
      retraced(() => build(first, second)),
      gradient,
      [...first, ...second],
    );
    const ofParameters = gradients.slice(inputs.length);
    const ofInputs = gradients
      .slice(0, inputs.length)
      .map((part) => controlDependency(part, ofParameters));
    return [...ofInputs, ...ofParameters];
  });
}

function retraced(build: () => Tensor): Tensor {
  retracing++;
  try {
    return build();
  } finally {
    retracing--;
  }
}

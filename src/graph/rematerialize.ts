/**
 * Trading time for memory: a part of the forward pass is carried out once more when the backward pass
 * comes to it, so that only its inputs are kept until then (Chen et al., "Training Deep Nets with
 * Sublinear Memory Cost").
 */
import { pullback } from "./grad.ts";
import { after, customGradient } from "./ops/index.ts";
import type { Tensor } from "./tensor.ts";

/**
 * `build(inputs, parameters)`, of which the backward pass keeps the inputs alone. The gradients of the
 * inputs are there after those of the parameters, so that nothing waits for the end of the backward
 * pass. `build` is called again with other tensors and must take everything but constants from its
 * arguments. Throws when a tensor is given twice.
 */
export function checkpoint(
  inputs: readonly Tensor[],
  parameters: readonly Tensor[],
  build: (inputs: readonly Tensor[], parameters: readonly Tensor[]) => Tensor,
): Tensor {
  const given = [...inputs, ...parameters];
  if (new Set(given).size < given.length)
    throw new Error("checkpoint: a tensor is given twice, and its gradient would count twice");
  const value = build(inputs, parameters);
  return customGradient(value, given, (gradient) => {
    const delayed = (tensors: readonly Tensor[]) =>
      tensors.map((tensor) => after(tensor, [gradient]));
    const [first, second] = [delayed(inputs), delayed(parameters)];
    const gradients = pullback(build(first, second), gradient, [...first, ...second]);
    const ofParameters = gradients.slice(inputs.length);
    const ofInputs = gradients.slice(0, inputs.length).map((part) => after(part, ofParameters));
    return [...ofInputs, ...ofParameters];
  });
}

/** Parts of a network that are computed once more in the backward pass instead of being kept. */
import { checkpoint, type Tensor } from "../graph/index.ts";
import type { Scope } from "./layers.ts";
import { GivenParameters, RecordedParameters } from "./parameters.ts";

/** A part of a network: feature maps in, one out, parameters from its scope. */
export type Part = (scope: Scope, ...inputs: Tensor[]) => Tensor;

/** How a part is carried out: `part(scope, ...inputs)` in any case. */
export type Run = (scope: Scope, inputs: readonly Tensor[], part: Part) => Tensor;

/** What a part computes is kept for the backward pass. */
export const plainly: Run = (scope, inputs, part) => part(scope, ...inputs);

/** `part(scope, ...inputs)`: of all that it computes, only its inputs wait for the backward pass. */
export function rematerialized(scope: Scope, inputs: readonly Tensor[], part: Part): Tensor {
  const recorded: RecordedParameters[] = [];
  // Traced only to learn its parameters; no output needs this trace.
  part(
    scope.from((parameters) => {
      const recording = new RecordedParameters(parameters);
      recorded.push(recording);
      return recording;
    }),
    ...inputs,
  );
  const { used, separate } = recorded[0]!;
  const names = [...used.keys()];
  return checkpoint(inputs, [...used.values()], (given, parameters) => {
    const tensors = new Map(names.map((name, i) => [name, parameters[i]!]));
    const inner = scope.from(() => new GivenParameters(tensors, separate));
    return part(inner, ...given);
  });
}

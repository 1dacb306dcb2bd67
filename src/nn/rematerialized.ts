/** Parts of a network that the backward pass computes once more, so that they need not be kept. */
import { type FeatureMap, rematerialize, type Tensor } from "../graph/index.ts";
import type { Scope } from "./layers.ts";
import { GivenParameters, RecordedParameters } from "./parameters.ts";

/** The arguments of a part. */
export interface PartInputs {
  readonly maps: readonly FeatureMap[];
  /** The embedded noise level, [N,E]. */
  readonly embedding?: Tensor;
}

/** A part of a network: one feature map, computed from the inputs and the scope's parameters. */
export type Part = (scope: Scope, inputs: PartInputs) => FeatureMap;

/** How a part is carried out: the result is `part(scope, inputs)` in any case. */
export type Run = (scope: Scope, inputs: PartInputs, part: Part) => FeatureMap;

/** Keeps the part's values for the backward pass. */
export const plainly: Run = (scope, inputs, part) => part(scope, inputs);

/** Keeps only the part's inputs for the backward pass. */
export function rematerialized(scope: Scope, inputs: PartInputs, part: Part): FeatureMap {
  const recorded: RecordedParameters[] = [];
  // Traced only to learn its parameters and its shape; no output needs this trace.
  const traced = part(
    scope.from((parameters) => {
      const recording = new RecordedParameters(parameters);
      recorded.push(recording);
      return recording;
    }),
    inputs,
  );
  const { used, ownKernels } = recorded[0]!;
  const names = [...used.keys()];
  const { maps, embedding } = inputs;
  const tensors = [...maps.map(({ storage }) => storage), ...(embedding ? [embedding] : [])];
  const storage = rematerialize(tensors, [...used.values()], (given, parameters) => {
    const named = new Map(names.map((name, i) => [name, parameters[i]!]));
    const inner = scope.from(() => new GivenParameters(named, ownKernels));
    return part(inner, {
      maps: maps.map((map, i) => map.withStorage(given[i]!)),
      embedding: embedding && given[maps.length]!,
    }).storage;
  });
  return traced.withStorage(storage);
}

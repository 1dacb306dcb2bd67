/** A flat vector as the tensors of a graph, which lie in it: nothing is cut out or put together. */
import { size } from "../../graph/index.ts";
import { type ParameterSpec, storedShape } from "../../nn/parameters.ts";
import type { EngineTensors } from "../../runtime/runtime.ts";

/** @param nameOf what the graph calls that parameter's tensor */
export function tensorsIn(
  vector: Float32Array,
  specs: readonly ParameterSpec[],
  nameOf: (parameter: string) => string = (name) => name,
): EngineTensors {
  return Object.fromEntries(
    specs.map(({ name, shape, axes, offset }) => [
      nameOf(name),
      { data: vector.subarray(offset, offset + size(shape)), shape: storedShape(shape, axes) },
    ]),
  );
}

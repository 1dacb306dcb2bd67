/** A parameter as an input of a large network's graph. */
import { type Shape, transformedWeights, upsampledWeights } from "../graph/index.ts";
import { inStoredOrder, type ParameterSpec, storedShape } from "./parameters.ts";

/**
 * @param input what the graph takes: see `InferenceGraph`
 * @param data the parameter's numbers in the order of its own axes; the result may be this array
 */
export function inputOf(
  input: ParameterSpec,
  data: Float32Array,
): { readonly data: Float32Array; readonly shape: Shape } {
  const shape = storedShape(input.shape, input.axes);
  const stored = inStoredOrder(data, input);
  if (input.form === "winograd")
    return { data: transformedWeights(stored), shape: shape.with(0, 6) };
  return { data: input.form === "upsampled" ? upsampledWeights(stored) : stored, shape };
}

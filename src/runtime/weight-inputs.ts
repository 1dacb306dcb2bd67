/**
 * The weights of a large model on their way into its graph: each an array of its own, arranged as
 * the graph takes it, read one after the other. They are in memory once, wherever they come from.
 */
import type { WeightSource } from "../models/model.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import { inputOf } from "../nn/weight-input.ts";
import type { EngineTensors } from "./runtime.ts";

/**
 * @param inputs what the graph takes: see `InferenceGraph`
 * @param specs the same parameters as the model has them
 * @throws PaletteError as `WeightSource.read`.
 */
export async function weightInputs(
  inputs: readonly ParameterSpec[],
  specs: readonly ParameterSpec[],
  weights: WeightSource,
): Promise<EngineTensors> {
  const wanted = new Map(inputs.map((input) => [input.name, input]));
  const tensors: EngineTensors = {};
  await weights.read(specs, ({ name }, data) => {
    tensors[name] = inputOf(wanted.get(name)!, data);
  });
  return tensors;
}

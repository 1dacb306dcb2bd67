/**
 * The weights of a large model on their way into its graph: each an array of its own, arranged as the
 * graph takes it, read one after the other. So they are in memory once, wherever they come from.
 */

import { type ParameterSpec, readParameter } from "../nn/parameters.ts";
import { inputOf } from "../nn/weight-input.ts";
import { readWeights } from "../node/model-folder.ts";
import type { EngineTensors } from "./node/session.ts";

/**
 * @param inputs what the graph takes: see `lowMemoryInferenceGraph`
 * @param specs the same parameters as the model has them
 * @param source a model's folder, or its flat parameters, which are copied
 * @throws PaletteError as `loadModel`.
 */
export async function weightInputs(
  inputs: readonly ParameterSpec[],
  specs: readonly ParameterSpec[],
  source: string | Float32Array,
): Promise<EngineTensors> {
  const wanted = new Map(inputs.map((input) => [input.name, input]));
  const weights: EngineTensors = {};
  const receive = ({ name }: ParameterSpec, data: Float32Array) => {
    weights[name] = inputOf(wanted.get(name)!, data);
  };
  if (typeof source === "string") await readWeights(source, specs, receive);
  else for (const spec of specs) receive(spec, readParameter(source, spec).slice());
  return weights;
}

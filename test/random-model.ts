/** A small model with random weights, for tests: it answers at once, with noise. */
import { configFromPreset, type ModelConfig } from "../src/models/config.ts";
import type { Model } from "../src/models/model.ts";
import { presetNamed } from "../src/models/presets.ts";
import { parameterCount } from "../src/nn/parameters.ts";
import { parameterSpecs } from "../src/nn/registry.ts";
import { Random } from "../src/util/random.ts";

/** The smallest network of this kind: for tests of what is around it. */
export const smallestNetwork = {
  ...presetNamed("tiny-32").network,
  ...{ multipliers: [1], attention: [], stem: 4 },
};

/** The network of tiny-32, or another; no weight is zero, so that everything in it counts. */
export function randomModel(
  details: Partial<ModelConfig> = {},
  network: ModelConfig["network"] = presetNamed("tiny-32").network,
): Model {
  const preset = presetNamed("tiny-32");
  const parameters = new Float32Array(parameterCount(parameterSpecs(network)));
  const random = Random.from("random model");
  for (let i = 0; i < parameters.length; i++) parameters[i] = random.between(-0.06, 0.06);
  const tasks = ["colorize", "inpaint", "uncrop", "dejpeg"];
  // Sampled in the usual way, unless a test says otherwise.
  const { sampler: _, ...config } = configFromPreset(preset, { name: "random", tasks });
  return {
    config: { ...config, network, ...details },
    parameters,
  };
}

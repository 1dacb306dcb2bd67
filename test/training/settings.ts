import { presetNamed } from "../../src/models/presets.ts";
import { uNetConfig } from "../../src/nn/config.ts";

/** A training that is the same in Node and in a page: photos without loss, no JPEG tasks. */
export const trainingSettings = {
  preset: "tiny-32",
  // Few layers, whose graphs are compiled at once.
  network: uNetConfig.parse({
    ...presetNamed("tiny-32").network,
    ...{ resolution: 16, base: 8, multipliers: [1], attention: [], headChannels: 8, groups: 4 },
  }),
  tasks: ["colorize", "inpaint"],
  threads: 2,
  seed: 3,
  optimizer: { batch: 2, learningRate: 2e-3, warmUpImages: 0 },
} as const;

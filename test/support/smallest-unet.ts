/** A U-Net of the fewest layers, on 8x8 pixels: for tests of what is done with a network. */
import { uNetConfig } from "../../src/nn/config.ts";

export const smallestUNet = uNetConfig.parse({
  resolution: 8,
  base: 4,
  multipliers: [1],
  blocks: 1,
  attention: [],
  headChannels: 4,
  groups: 2,
});

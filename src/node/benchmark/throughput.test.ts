import { expect, it } from "vitest";
import { uNetConfig } from "../../nn/config.ts";
import { measureThroughput } from "./throughput.ts";

const network = uNetConfig.parse({
  resolution: 16,
  base: 4,
  multipliers: [1, 2],
  blocks: 1,
  attention: [8],
  headChannels: 4,
  groups: 2,
});

it.each(["train", "sample"] as const)(
  "measures %s on threads that do not divide the batch",
  async (mode) => {
    const options = { network, mode, batch: 5, threads: 3, steps: 2, warmUp: 1 };
    const { secondsPerStep, imagesPerSecond } = await measureThroughput(options);
    expect(secondsPerStep).toHaveLength(2);
    expect(imagesPerSecond).toBeGreaterThan(0);
  },
);

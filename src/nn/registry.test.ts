import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readModel } from "../../test/support/onnx-reader.ts";
import { add, mul, reshape } from "../graph/index.ts";
import { inferenceGraph, trainingGraph } from "./graphs.ts";
import { networkOfType, parameterSpecs, registerNetwork } from "./registry.ts";

const configSchema = z.object({
  type: z.literal("gain"),
  resolution: z.number(),
  channels: z.number(),
});

describe("the networks", () => {
  it("take a second one by its definition alone", () => {
    registerNetwork("gain", {
      configSchema,
      build: ({ channels }, parameters, { source, noisy }) => {
        const gain = parameters.get("gain", [channels], "ones");
        return add(mul(noisy, reshape(gain, [1, channels, 1, 1])), source);
      },
    });
    const given = { type: "gain", resolution: 4, channels: 3 };
    const config = networkOfType(given.type).configSchema.parse(given);
    const specs = parameterSpecs(config);
    expect(specs.map(({ name }) => name)).toEqual(["gain"]);
    const sampling = readModel(inferenceGraph(config, specs, Float32Array.of(1, 2, 3), 2));
    expect(sampling.outputs).toEqual({ output: [2, 3, 4, 4] });
    const training = readModel(trainingGraph(config, specs, { batch: 2, loss: "l2" }));
    expect(training.outputs).toEqual({ losses: [2], gradient: [3] });
  });

  it("are refused where there are none of the type, or one already", () => {
    expect(() => networkOfType("dit")).toThrow(/no network type "dit"; the network types are unet/);
    expect(() => registerNetwork("unet", networkOfType("unet"))).toThrow(/already/);
  });
});

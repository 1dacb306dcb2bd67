import { describe, expect, it } from "vitest";
import { parameterSpecs } from "../../nn/registry.ts";
import { probes } from "./choose-device.ts";

describe("the networks that a GPU is tried with", () => {
  it("have the convolution of six channels that ONNX Runtime 1.30 gets wrong, and one of a stem", () => {
    const inputs = probes.flatMap((network) =>
      parameterSpecs(network).flatMap(({ shape }) => (shape.length === 4 ? [shape[1]] : [])),
    );
    expect(inputs).toContain(6);
    expect(inputs).toContain(24);
  });
});

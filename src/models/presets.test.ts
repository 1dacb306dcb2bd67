import { describe, expect, it } from "vitest";
import { UsageError } from "../util/errors.ts";
import { presetNamed, presets } from "./presets.ts";
import { describeNetwork } from "./summary.ts";

const networkOf = (name: string) => describeNetwork(presetNamed(name).network);

describe("presets", () => {
  it("paper-256 has the paper's 552M parameters", () => {
    expect(networkOf("paper-256").parameters).toBe(552_814_083);
  });

  it("pytorch-256 has the parameters of the public re-implementation's default", () => {
    expect(networkOf("pytorch-256").parameters).toBe(62_641_347);
  });

  it("paper-256 is trained as the paper says", () => {
    const { objective, optimizer } = presetNamed("paper-256");
    expect(objective).toEqual({
      prediction: "epsilon",
      loss: "l2",
      weighting: "uniform",
      noiseLevels: "schedule",
    });
    expect(optimizer).toEqual({
      batch: 1024,
      accumulate: 1,
      learningRate: 1e-4,
      warmUpImages: 10_240_000,
      emaDecay: 0.9999,
      clip: null,
    });
  });

  it("an unknown one is refused with the list", () => {
    expect(() => presetNamed("paper")).toThrow(UsageError);
    expect(() => presetNamed("paper")).toThrow(
      /"paper".*paper-256, pytorch-256, small-64, tiny-32/,
    );
  });
});

describe("the layers of a network", () => {
  it.each(presets.map(({ name }) => name))("of %s hold all its parameters", (name) => {
    const { layers, parameters } = networkOf(name);
    expect(layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(parameters);
  });

  it("of the paper attend 16 times, at 32, 16 and 8", () => {
    const attention = networkOf("paper-256").layers.filter(({ name }) =>
      name.includes("attention"),
    );
    expect(attention).toHaveLength(16);
    expect([...new Set(attention.map(({ side }) => side))].sort()).toEqual([16, 32, 8]);
  });

  it("begin after the stem and end with the picture", () => {
    const { layers } = networkOf("tiny-32");
    const shapes = new Map(layers.map(({ name, channels, side }) => [name, [channels, side]]));
    expect(shapes.get("in")).toEqual([32, 16]);
    expect(shapes.get("down.0.resample")).toEqual([32, 8]);
    expect(shapes.get("up.1.resample")).toEqual([64, 16]);
    expect(shapes.get("out")).toEqual([3, 32]);
  });
});

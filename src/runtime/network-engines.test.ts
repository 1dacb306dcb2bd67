import { describe, expect, it, vi } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { samplingMemory } from "../models/summary.ts";
import { PaletteError } from "../util/errors.ts";
import { createNetwork } from "./network.ts";
import type { Runtime } from "./runtime.ts";

const started: number[] = [];
const disposed: number[] = [];

/** A runtime whose first engine fails to start. */
const failing: Runtime = {
  name: "failing",
  cores: 3,
  lowering: () => "cpu",
  assertFits: () => {},
  compile: async () => {
    const number = started.push(started.length) - 1;
    if (number === 0) throw new PaletteError("no thread could be started");
    return {
      run: () => Promise.reject(new Error("not to be run")),
      dispose: async () => {
        disposed.push(number);
      },
    };
  },
};

describe("a network one of whose engines cannot start", () => {
  it("disposes of the others and gives the reason", async () => {
    const network = await createNetwork(failing, randomModel());
    const data = new Float32Array(2 * 3 * 32 * 32);
    const call = { source: data, noisy: data, gamma: 0.5, shape: [2, 3, 32, 32] } as const;
    await expect(network.predict(call)).rejects.toThrow("no thread could be started");
    expect(started).toHaveLength(3);
    expect(disposed).toEqual([1, 2]);
    await network.dispose();
  });
});

describe("the memory that a network is said to need", () => {
  it("is another where a device's graph holds the weights", async () => {
    const model = randomModel();
    const assertFits = vi.fn();
    const runtime = { ...failing, assertFits, readsInPlace: (device = "cpu") => device === "cpu" };
    const networks = await Promise.all([
      createNetwork(runtime, model),
      createNetwork(runtime, model, { device: "webgpu" }),
    ]);
    const { network } = model.config;
    const [beside, inside] = [samplingMemory(network), samplingMemory(network, "in the graph")];
    expect(assertFits.mock.calls.map(([bytes]) => bytes)).toEqual([beside, inside]);
    expect(inside).not.toBe(beside);
    expect(networks.map(({ weightPlace }) => weightPlace)).toEqual([
      "beside the graph",
      "in the graph",
    ]);
    await Promise.all(networks.map((each) => each.dispose()));
  });
});

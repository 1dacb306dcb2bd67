import { describe, expect, it, vi } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { PaletteError } from "../util/errors.ts";
import { loadNetwork } from "./network.ts";
import type { Engine } from "./node/engine.ts";

const { made, disposed } = vi.hoisted(() => ({ made: [] as number[], disposed: [] as number[] }));

vi.mock("./node/engine.ts", () => ({
  createEngine: async (): Promise<Engine> => {
    const number = made.push(made.length) - 1;
    if (number === 0) throw new PaletteError("no thread could be started");
    return {
      run: () => Promise.reject(new Error("not to be run")),
      dispose: async () => {
        disposed.push(number);
      },
    };
  },
}));

describe("a network one of whose engines cannot be made", () => {
  it("disposes of the others and says why", async () => {
    const network = await loadNetwork(randomModel(), { threads: 3 });
    const data = new Float32Array(2 * 3 * 32 * 32);
    const call = { source: data, noisy: data, gamma: 0.5, shape: [2, 3, 32, 32] } as const;
    await expect(network.predict(call)).rejects.toThrow("no thread could be started");
    expect(made).toHaveLength(3);
    expect(disposed).toEqual([1, 2]);
    await network.dispose();
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { largest, largestDifference } from "../../test/support/differentiation.ts";
import { loadNetwork } from "../node/load-network.ts";
import { saveModel } from "../node/model-folder.ts";
import { PaletteError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import type { Network, NetworkCall } from "./network.ts";

const values = 3 * 32 * 32;
let network: Network;

beforeAll(async () => {
  network = await loadNetwork(randomModel(), { threads: 2 });
});
afterAll(() => network.dispose());

function call(count: number): NetworkCall {
  const random = Random.from("network.test");
  const fill = () => random.fillNormal(new Float32Array(40 * values)).slice(0, count * values);
  return { source: fill(), noisy: fill(), gamma: 0.3, shape: [count, 3, 32, 32] };
}

describe("a network", () => {
  it("gives an image the same output, to the bit, in any batch", async () => {
    const all = await network.predict(call(33));
    expect(all).toHaveLength(33 * values);
    for (const count of [1, 2, 3, 5, 16]) {
      expect(await network.predict(call(count))).toEqual(all.subarray(0, count * values));
    }
  });

  it("gives a unit of images the same output, to the bit, in any company", async () => {
    const alone = await network.predict(call(11));
    // Eleven go together in fours, with one place left; two would waste more than they save.
    const [eleven, two] = await Promise.all(
      [11, 2].map((count) => network.predict({ ...call(count), units: [count] })),
    );
    expect(two).toEqual(alone.subarray(0, 2 * values));
    expect(largestDifference(eleven!, alone)).toBeLessThan(1e-5 * largest(alone));
    const all = call(17);
    for (const units of [
      [11, 6],
      [11, 4, 1, 1],
    ]) {
      const output = await network.predict({ ...all, units });
      expect(output.subarray(0, 11 * values)).toEqual(eleven);
    }
    const { source, noisy } = all;
    const rest = {
      source: source.subarray(11 * values, 15 * values),
      noisy: noisy.subarray(11 * values, 15 * values),
      ...{ gamma: 0.3, shape: [4, 3, 32, 32] as const, units: [4] },
    };
    const output = await network.predict({ ...all, units: [11, 4, 2] });
    expect(output.subarray(11 * values, 15 * values)).toEqual(await network.predict(rest));
    expect(output.subarray(15 * values)).toEqual(
      (await network.predict(all)).subarray(15 * values),
    );
  });

  it("tells of every image of a unit, and takes a noise level for each", async () => {
    const { source, noisy, shape } = call(7);
    const gamma = [0.9, 0.5, 0.3, 0.1, 0.05, 0.01, 1e-4];
    let told = 0;
    const onImage = () => {
      told += 1;
    };
    const together = await network.predict({ source, noisy, shape, gamma, units: [7], onImage });
    expect(told).toBe(7);
    const alone = await network.predict({ source, noisy, shape, gamma });
    expect(largestDifference(together, alone)).toBeLessThan(1e-5 * largest(alone));
  });

  it("takes a noise level for each image", async () => {
    const { source, noisy, shape } = call(2);
    const gammas = [0.9, 1e-4];
    const both = await network.predict({ source, noisy, shape, gamma: gammas });
    for (const [k, gamma] of gammas.entries()) {
      const alone = await network.predict({ source, noisy, shape, gamma });
      const part = [k * values, (k + 1) * values] as const;
      expect(both.subarray(...part)).toEqual(alone.subarray(...part));
    }
    expect(both).not.toEqual(await network.predict({ source, noisy, shape, gamma: 0.9 }));
  });

  it("gives the same with any number of threads", async () => {
    const one = await loadNetwork(randomModel(), { threads: 1 });
    expect(await one.predict(call(3))).toEqual(await network.predict(call(3)));
    expect(await one.predict(call(1))).toEqual(await network.predict(call(1)));
    await one.dispose();
  });

  it("answers calls that overlap", async () => {
    const outputs = await Promise.all([1, 2, 3, 4, 5, 1].map((n) => network.predict(call(n))));
    expect(outputs.map((output) => output.length / values)).toEqual([1, 2, 3, 4, 5, 1]);
    expect(outputs[5]).toEqual(outputs[0]);
  });

  it("takes other sizes that its levels divide", async () => {
    const random = Random.from("sizes");
    const wide = { shape: [2, 3, 16, 48] as const, gamma: [0.3, 0.6] };
    const [source, noisy] = [0, 1].map(() => random.fillNormal(new Float32Array(2 * 3 * 16 * 48)));
    const output = await network.predict({ source: source!, noisy: noisy!, ...wide });
    expect(output).toHaveLength(2 * 3 * 16 * 48);
    const second = output.length / 2;
    const alone = await network.predict({
      source: source!.slice(second),
      noisy: noisy!.slice(second),
      gamma: 0.6,
      shape: [1, 3, 16, 48],
    });
    expect(alone).toEqual(output.subarray(second));
    for (const side of [30, 0, 32.5]) {
      const shape = [1, 3, side, 32] as const;
      const given = new Float32Array(Math.max(0, 3 * Math.floor(side) * 32));
      await expect(
        network.predict({ source: given, noisy: given, gamma: 0.5, shape }),
      ).rejects.toThrow(/multiples of 4 \(best 32\)/);
    }
  });

  it("refuses other shapes and impossible levels, and goes on", async () => {
    const good = call(1);
    const wrong: Partial<NetworkCall>[] = [
      { shape: [1, 3, 64, 64] },
      { shape: [0, 3, 32, 32] },
      { noisy: new Float32Array(5) },
      { gamma: -0.1 },
      { gamma: Number.NaN },
      { gamma: [0.5, 0.5] },
      { units: [2] },
      { units: [1, 0] },
      { units: [] },
    ];
    for (const part of wrong) {
      await expect(network.predict({ ...good, ...part })).rejects.toThrow(PaletteError);
    }
    expect(await network.predict(good)).toHaveLength(values);
  });

  it("whose weights are inputs of the graph gives the same to rounding, from memory and disk", async () => {
    const folder = await mkdtemp(join(tmpdir(), "palette-network-"));
    await saveModel(folder, randomModel());
    const expected = await network.predict(call(3));
    const outputs: Float32Array[] = [];
    for (const model of [randomModel(), folder]) {
      const large = await loadNetwork(model, { threads: 2, lowMemoryThreshold: 0 });
      outputs.push(await large.predict(call(3)));
      expect(await large.predict(call(1))).toEqual(outputs[0]!.subarray(0, values));
      await large.dispose();
    }
    expect(largestDifference(outputs[0]!, expected)).toBeLessThan(1e-5 * largest(expected));
    expect(outputs[1]).toEqual(outputs[0]);
    await rm(folder, { recursive: true });
  });

  it("is gone once it is disposed of", async () => {
    const other = await loadNetwork(randomModel());
    await other.predict(call(1));
    await other.dispose();
    await expect(other.predict(call(1))).rejects.toThrow(/disposed/);
  });

  it("is refused when the weights are another network's", async () => {
    const { config } = randomModel();
    await expect(loadNetwork({ config, parameters: new Float32Array(3) })).rejects.toThrow(
      /3 weights/,
    );
  });
});

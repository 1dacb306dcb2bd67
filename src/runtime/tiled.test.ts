import { describe, expect, it, vi } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import type { ModelConfig } from "../models/config.ts";
import { PaletteError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import type { Network, NetworkCall } from "./network.ts";
import { tiled, tileStarts } from "./tiled.ts";

const side = 32;

/** A network of 32x32 that answers what it is told to. */
function stub(answer: (call: NetworkCall) => Float32Array, details: Partial<ModelConfig> = {}) {
  const predict = vi.fn<Network["predict"]>(async (call) => answer(call));
  return {
    predict,
    network: tiled({ config: randomModel(details).config, predict, dispose: async () => {} }),
  };
}

function noise(length: number): Float32Array {
  return Random.from("tiled", length).fillNormal(new Float32Array(length));
}

describe("tiles", () => {
  it("cover the whole length with whole steps", () => {
    expect(tileStarts(32, 32, 16)).toEqual([0]);
    expect(tileStarts(48, 32, 16)).toEqual([0, 16]);
    expect(tileStarts(50, 32, 16)).toEqual([0, 16, 18]);
    expect(tileStarts(100, 32, 24)).toEqual([0, 24, 48, 68]);
  });
});

describe("a tiled network", () => {
  it("leaves pictures of the network's own size to it", async () => {
    const { network, predict } = stub(({ noisy }) => noisy);
    const shape = [2, 3, side, side] as const;
    const call = { source: noise(2 * 3 * 1024), noisy: noise(2 * 3 * 1024), gamma: 0.5, shape };
    expect(await network.predict(call)).toBe(call.noisy);
    expect(predict).toHaveBeenCalledWith(call);
  });

  it.each([
    [32, 80],
    [70, 45],
    [100, 33],
  ])("gives back %i x %i values that the network passes on", async (height, width) => {
    const shape = [2, 3, height, width] as const;
    const size = 2 * 3 * height * width;
    const [source, noisy] = [noise(size), noise(size + 1).subarray(1)];
    for (const which of ["source", "noisy"] as const) {
      const { network } = stub((call) => call[which]);
      const output = await network.predict({ source, noisy, gamma: 0.5, shape });
      const given = { source, noisy }[which];
      expect(output.length).toBe(size);
      output.forEach((value, i) => {
        expect(Math.abs(value - given[i]!)).toBeLessThan(1e-5);
      });
    }
  });

  it("leaves out the tiles in which nothing is wanted", async () => {
    const { network, predict } = stub(({ noisy }) => noisy);
    const [height, width] = [side, 4 * side];
    const values = noise(2 * 3 * height * width);
    const wanted = new Float32Array(2 * height * width);
    // Of the first picture the last column, of the second one pixel in the middle.
    for (let y = 0; y < height; y++) wanted[y * width + width - 1] = 1;
    wanted[height * width + 5 * width + 2 * side + 3] = 1;
    const shape = [2, 3, height, width] as const;
    const call = { source: values, noisy: values, gamma: 0.5, shape, wanted };
    const output = await network.predict(call);
    expect(predict.mock.calls[0]![0].shape[0]).toBe(1 + 2);
    wanted.forEach((want, k) => {
      if (want === 0) return;
      const at = Math.floor(k / (height * width)) * 3 * height * width + (k % (height * width));
      expect(output[at]).toBeCloseTo(values[at]!, 5);
    });
    expect(output.every(Number.isFinite)).toBe(true);
  });

  it("keeps the tiles of a picture together, whatever pictures are beside it", async () => {
    const { network, predict } = stub(({ noisy }) => noisy);
    const unitsOf = async (count: number) => {
      const shape = [count, 3, side, side + 16 * 299] as const;
      const values = new Float32Array(count * 3 * shape[2] * shape[3]);
      predict.mockClear();
      await network.predict({ source: values, noisy: values, gamma: 0.5, shape });
      return predict.mock.calls.map(([call]) => call.units);
    };
    expect(await unitsOf(1)).toEqual([[256], [44]]);
    expect(await unitsOf(2)).toEqual([[256], [44], [256], [44]]);
    const shape = [3, 3, side, side + 16] as const;
    const values = new Float32Array(3 * 3 * shape[2] * shape[3]);
    predict.mockClear();
    await network.predict({ source: values, noisy: values, gamma: 0.5, shape });
    expect(predict.mock.calls.map(([call]) => call.units)).toEqual([[2, 2, 2]]);
  });

  it("gives each image its own noise level", async () => {
    const { network } = stub(({ noisy, gamma, shape }) => {
      const each = noisy.length / shape[0];
      return noisy.map((_, i) => (gamma as number[])[Math.floor(i / each)]!);
    });
    const shape = [2, 3, 32, 48] as const;
    const values = noise(2 * 3 * 32 * 48);
    const output = await network.predict({
      source: values,
      noisy: values,
      gamma: [0.25, 0.75],
      shape,
    });
    expect(output[0]).toBeCloseTo(0.25, 6);
    expect(output.at(-1)).toBeCloseTo(0.75, 6);
  });

  it("joins tiles that disagree without a step", async () => {
    // Each tile answers a constant of its own: the worst case for seams.
    let tile = 0;
    const { network } = stub(({ shape }) => {
      const values = new Float32Array(shape[0] * 3 * side * side);
      for (let k = 0; k < shape[0]; k++) values.fill(tile++ % 2, k * 3072, (k + 1) * 3072);
      return values;
    });
    const width = 96;
    const shape = [1, 3, side, width] as const;
    const values = noise(3 * side * width);
    const output = await network.predict({ source: values, noisy: values, gamma: 0.5, shape });
    const row = output.subarray(16 * width, 17 * width);
    const steps = Array.from(row.subarray(1), (value, i) => Math.abs(value - row[i]!));
    expect(Math.max(...row) - Math.min(...row)).toBeGreaterThan(0.9);
    // A hard seam would be a step of 1; the hill of 16 overlapping pixels rises by at most pi / 32.
    expect(Math.max(...steps)).toBeLessThan(0.11);
  });

  it("tells how far it is in large pictures, and stops between tiles when asked", async () => {
    const { network, predict } = stub(({ noisy, shape, onImage }) => {
      for (let k = 0; k < shape[0]; k++) onImage?.();
      return noisy;
    });
    const shape = [1, 3, 32, 32 + 16 * 399] as const;
    const values = new Float32Array(3 * shape[2] * shape[3]);
    const call = { source: values, noisy: values, gamma: 0.5, shape };
    const told: string[] = [];
    await network.predict({ ...call, onTiles: (done, tiles) => told.push(`${done}/${tiles}`) });
    expect(told).toEqual(Array.from({ length: 400 }, (_, k) => `${k + 1}/400`));
    const controller = new AbortController();
    const stopped = network.predict({
      ...call,
      onTiles: () => controller.abort(new Error("enough")),
      signal: controller.signal,
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(predict).toHaveBeenCalledTimes(2 + 1);
  });

  it("shows nothing of a network's errors at the border of tiles in the calls that set the pixels", async () => {
    // Right in the middle and 1 too little within an eighth of a tile from its border.
    const edge = side / 8;
    const inner = (k: number) => k >= edge && k < side - edge;
    const answer = ({ noisy }: NetworkCall) =>
      noisy.map((_, i) => (inner(i % side) && inner(Math.floor(i / side) % side) ? 0 : -1));
    const shape = [1, 3, 5 * side, 5 * side] as const;
    const values = new Float32Array(3 * shape[2] * shape[3]);
    const call = { source: values, noisy: values, gamma: 0.5, shape };
    const deepest = async (settles: boolean | undefined, regression = false) => {
      const { network } = stub(answer, { objective: { prediction: "x0", regression } });
      const output = await network.predict({ ...call, settles });
      const row = output.subarray(2.5 * side * shape[3], (2.5 * side + 1) * shape[3]);
      return Math.min(...row.subarray(side, -side));
    };
    expect(await deepest(true)).toBeGreaterThan(-0.15);
    expect(await deepest(undefined, true)).toBe(await deepest(true));
    expect(await deepest(false)).toBeLessThan(-0.35);
  });

  it("refuses pictures that are too small", async () => {
    const { network } = stub(({ noisy }) => noisy);
    const shape = [1, 3, 31, 64] as const;
    const values = noise(3 * 31 * 64);
    await expect(
      network.predict({ source: values, noisy: values, gamma: 1, shape }),
    ).rejects.toThrow(PaletteError);
  });
});

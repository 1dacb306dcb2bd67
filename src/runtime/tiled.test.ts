import { describe, expect, it, vi } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import type { ModelConfig } from "../models/config.ts";
import { presetNamed } from "../models/presets.ts";
import { defaultWindow } from "../models/settings/sampling.ts";
import { PaletteError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import type { Network, NetworkCall } from "./network.ts";
import { coverOf, tiled } from "./tiled.ts";

const side = 32;
/** Windows of the network's own side at half overlap. */
const own = { sampling: { window: { side, overlap: side / 2 } } };

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

describe("windows", () => {
  it("are as many and as large as make the fewest pixels, and meet the ends", () => {
    const window = { side: 96, overlap: 8 };
    expect(coverOf(32, 32, window, 4)).toEqual({ side: 32, starts: [0] });
    expect(coverOf(100, 32, window, 4)).toEqual({ side: 64, starts: [0, 36] });
    expect(coverOf(168, 32, window, 4)).toEqual({ side: 96, starts: [0, 72] });
    for (const length of [256, 512, 1024, 3008, 4000]) {
      const { side, starts } = coverOf(length, 64, { side: 192, overlap: 16 }, 8);
      expect((side * starts.length) / length).toBeLessThan(1.13);
      expect([starts[0], starts.at(-1)! + side]).toEqual([0, length]);
      for (const [k, start] of starts.slice(1).entries()) {
        expect(start - starts[k]!).toBeLessThanOrEqual(side - 16);
        expect(start % 16).toBe(0);
      }
    }
  });

  it("are one where the picture fits in it and divides, else two or more that do", () => {
    const window = { side: 96, overlap: 8 };
    expect(coverOf(72, 32, window, 4)).toEqual({ side: 72, starts: [0] });
    expect(coverOf(50, 32, window, 4)).toEqual({ side: 32, starts: [0, 18] });
  });

  it("are larger than a small network, and have the own side of a large one", () => {
    const window = (name: string) => defaultWindow(presetNamed(name).network);
    expect(window("small-64")).toEqual({ side: 192, overlap: 16 });
    expect(window("tiny-32")).toEqual({ side: 96, overlap: 8 });
    expect(window("pytorch-256")).toEqual({ side: 256, overlap: 128 });
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
    [32, 150],
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

  it("sees pictures in the windows that the model's config.json says", async () => {
    const shapes = async (details: Partial<ModelConfig>, height: number, width: number) => {
      const { network, predict } = stub(({ noisy }) => noisy, details);
      const shape = [1, 3, height, width] as const;
      const values = noise(3 * height * width);
      await network.predict({ source: values, noisy: values, gamma: 0.5, shape });
      return predict.mock.calls.map(([call]) => call.shape.join("x"));
    };
    expect(await shapes({}, 72, 136)).toEqual(["2x3x72x80"]);
    expect(await shapes({}, 32, 136)).toEqual(["2x3x32x80"]);
    expect(await shapes(own, 64, 120)).toEqual(["21x3x32x32"]);
    const wide = { sampling: { window: { side: 96, overlap: 4 } } };
    expect(await shapes(wide, 96, 188)).toEqual(["2x3x96x96"]);
  });

  it("leaves out the tiles in which nothing is wanted", async () => {
    const { network, predict } = stub(({ noisy }) => noisy, own);
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
    const { network, predict } = stub(({ noisy }) => noisy, own);
    const unitsOf = async (count: number) => {
      const shape = [count, 3, side, side + 16 * 1099] as const;
      const values = new Float32Array(count * 3 * shape[2] * shape[3]);
      predict.mockClear();
      await network.predict({ source: values, noisy: values, gamma: 0.5, shape });
      return predict.mock.calls.map(([call]) => call.units);
    };
    expect(await unitsOf(1)).toEqual([[1024], [76]]);
    expect(await unitsOf(2)).toEqual([[1024], [76], [1024], [76]]);
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

  it.each([
    [32, 16, 0.11],
    [32, 8, 0.25],
  ])("joins tiles of %i that disagree over %i pixels, without a step", async (_, overlap, most) => {
    // Each tile answers a constant of its own: the worst case for seams.
    let tile = 0;
    const { network } = stub(
      ({ shape }) => {
        const values = new Float32Array(shape[0] * 3 * side * side);
        for (let k = 0; k < shape[0]; k++) values.fill(tile++ % 2, k * 3072, (k + 1) * 3072);
        return values;
      },
      { sampling: { window: { side, overlap } } },
    );
    const width = 4 * side - 3 * overlap;
    const shape = [1, 3, side, width] as const;
    const values = noise(3 * side * width);
    const output = await network.predict({ source: values, noisy: values, gamma: 0.5, shape });
    const row = output.subarray(16 * width, 17 * width);
    const steps = Array.from(row.subarray(1), (value, i) => Math.abs(value - row[i]!));
    expect(Math.max(...row) - Math.min(...row)).toBeGreaterThan(0.9);
    // A hard seam would be a step of 1; over n pixels the mixture rises by at most 2 / n each.
    expect(Math.max(...steps)).toBeLessThan(most);
  });

  it("tells how far it is in large pictures, and stops between tiles when asked", async () => {
    const { network, predict } = stub(({ noisy, shape, onImage }) => {
      for (let k = 0; k < shape[0]; k++) onImage?.();
      return noisy;
    }, own);
    const shape = [1, 3, 32, 32 + 16 * 1099] as const;
    const values = new Float32Array(3 * shape[2] * shape[3]);
    const call = { source: values, noisy: values, gamma: 0.5, shape };
    const told: string[] = [];
    await network.predict({ ...call, onTiles: (done, tiles) => told.push(`${done}/${tiles}`) });
    expect(told).toEqual(Array.from({ length: 1100 }, (_, k) => `${k + 1}/1100`));
    const controller = new AbortController();
    const stopped = network.predict({
      ...call,
      onTiles: () => controller.abort(new Error("enough")),
      signal: controller.signal,
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(predict).toHaveBeenCalledTimes(2 + 1);
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

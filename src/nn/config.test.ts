import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { Graph, interpret } from "../graph/index.ts";
import { presetNamed } from "../models/presets.ts";
import { uNetConfig } from "./config.ts";
import { sinusoids } from "./layers.ts";
import { noiseEmbeddingInput } from "./network.ts";

const network = { resolution: 32, base: 32, multipliers: [1, 2], blocks: 1, attention: [16] };

/** Smallest distance between the embeddings of any two of the noise levels. */
function smallestDistance(embedding: "log-snr" | "gamma", gammas: readonly number[]): number {
  const level = new Graph().input("level", [gammas.length]);
  const size = 64;
  const levels = gammas.map((gamma) => noiseEmbeddingInput({ embedding }, gamma));
  const [vectors] = interpret([sinusoids(level, size)], { level: levels });
  const vector = (i: number) => vectors!.subarray(i * size, (i + 1) * size);
  const distances = gammas.flatMap((_, i) =>
    gammas
      .slice(0, i)
      .map((_, j) => Math.hypot(...vector(i).map((value, k) => value - vector(j)[k]!))),
  );
  return Math.min(...distances);
}

describe("the noise level", () => {
  const gammas = [0.9999, 0.99, 1e-2, 1e-4];

  it("in log-SNR tells gamma 0.9999, 0.99, 1e-2 and 1e-4 clearly apart; gamma itself does not", () => {
    // A sinusoid embedding of 64 numbers has the length sqrt(32) = 5.7.
    expect(smallestDistance("log-snr", gammas)).toBeGreaterThan(3);
    expect(smallestDistance("gamma", gammas)).toBeLessThan(0.05);
  });

  it("rises with gamma from 0 to 750 and is finite at the ends", () => {
    const levels = [0, 1e-30, 1e-4, 0.5, 0.9999, 1].map((gamma) =>
      noiseEmbeddingInput({ embedding: "log-snr" }, gamma),
    );
    expect(levels[0]).toBe(0);
    expect(levels[3]).toBeCloseTo(375, 10);
    expect(levels[5]).toBe(750);
    expect([...levels].sort((a, b) => a - b)).toEqual(levels);
  });

  it("is 25 a nat of log-SNR above -15", () => {
    const level = noiseEmbeddingInput({ embedding: "log-snr" }, 0.9);
    expect(level).toBeCloseTo(25 * (Math.log(0.9 / 0.1) + 15), 10);
  });

  it("is gamma itself for networks of the PyTorch re-implementation", () => {
    expect(noiseEmbeddingInput({ embedding: "gamma" }, 0.123)).toBe(0.123);
  });

  it.each([-0.1, 1.1, Number.NaN])("refuses gamma %d", (gamma) => {
    expect(() => noiseEmbeddingInput({ embedding: "log-snr" }, gamma)).toThrow("between 0 and 1");
  });
});

describe("sinusoids", () => {
  it("are cosines, then sines, at frequencies from 1 down to nearly 1e-4", () => {
    const level = new Graph().input("level", [2]);
    const [found] = interpret([sinusoids(level, 4)], { level: [0, 3] });
    const expected = [1, 1, 0, 0, Math.cos(3), Math.cos(0.03), Math.sin(3), Math.sin(0.03)];
    found!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 7);
    });
  });
});

describe("a network's configuration", () => {
  it("fills in the paper's choices", () => {
    expect(uNetConfig.parse({ ...network, headChannels: 32 })).toMatchObject({
      channels: 3,
      stem: 1,
      outputSkip: "none",
      type: "unet",
      context: "global-attention",
      resampling: "block",
      groups: 32,
      embedding: "log-snr",
    });
    expect(uNetConfig.parse({ ...network, base: 64 }).headChannels).toBe(64);
  });

  it("reads the bundled model's of format 1, where the output skip was called rejoin", async () => {
    const file = new URL("../../test/fixtures/config/landscapes-64-format-1.json", import.meta.url);
    const { network: old } = JSON.parse(await readFile(file, "utf8"));
    expect(old.rejoin).toBe("bands");
    expect(uNetConfig.parse(old)).toEqual(presetNamed("small-64").network);
    const skips = [false, true].map((rejoin) => uNetConfig.parse({ ...old, rejoin }).outputSkip);
    expect(skips).toEqual(["none", "concat"]);
  });

  it.each<[string, object, string]>([
    ["a gated rejoin, with the way to convert it", { rejoin: "gated" }, "scripts/to-bands.ts"],
    ["an unknown rejoin", { rejoin: "open" }, 'rejoin \\"open\\" is not one of'],
    ["an unknown output skip", { outputSkip: "gated" }, "outputSkip"],
    ["a resolution that the stages do not divide", { resolution: 33 }, "multiple of 2"],
    ["a stem that does not fit", { resolution: 34, stem: 4 }, "multiple of 8"],
    ["channels that do not divide into groups", { base: 48 }, "48 channels"],
    ["channels that do not divide into heads", { headChannels: 48 }, "heads of 48"],
    ["an odd number of base channels", { base: 33, groups: 1, headChannels: 33 }, "even"],
    ["attention at a side no map has", { attention: [10] }, "attention at 10"],
    ["quarters of odd maps", { resolution: 6, attention: [], context: "local-attention" }, "3"],
    ["more blocks than memory holds the names of", { blocks: 2 ** 31 }, "blocks"],
    ["a side beyond all memory", { resolution: 2 ** 20 }, "resolution"],
    ["an unknown setting", { dropout: 0.2 }, "dropout"],
  ])("refuses %s", (_name, changes, message) => {
    const result = uNetConfig.safeParse({ ...network, headChannels: 32, ...changes });
    expect(result.success).toBe(false);
    expect(result.error?.message).toContain(message);
  });
});

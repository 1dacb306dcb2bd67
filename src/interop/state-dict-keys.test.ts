import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { theirModel, tinyCheckpoint } from "../../test/support/pytorch-palette.ts";
import { presetNamed } from "../models/presets.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { withWeights } from "./open.ts";
import { theirName, theirShape } from "./state-dict-keys.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-names-"));
});
afterAll(() => rm(root, { recursive: true }));

describe("names", () => {
  it("are those of a checkpoint by PyTorch, one for each, in its order and with its shapes", async () => {
    const path = join(root, "tiny.pth");
    await writeFile(path, await tinyCheckpoint());
    const tensors = await withWeights(path, async (weights) => weights.tensors);
    const theirs = [...tensors].filter(([name]) => name.startsWith("denoise_fn."));
    const { network } = theirModel({ multipliers: [1, 1], headChannels: 16 }).config;
    const ours = parameterSpecs(network).map((spec) => [
      `denoise_fn.${theirName(spec.name, network)}`,
      theirShape(spec),
    ]);
    expect(ours).toEqual(theirs.map(([name, { shape }]) => [name, shape]));
  });

  it("are as many as parameters in the published network, and end where it ends", () => {
    const { network } = presetNamed("pytorch-256");
    const names = parameterSpecs(network).map(({ name }) => theirName(name, network));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("input_blocks.11.0.in_layers.2.weight");
    expect(names).toContain("middle_block.1.proj_out.bias");
    expect(names).toContain("output_blocks.8.1.emb_layers.1.weight");
    expect(names.filter((name) => name.startsWith("output_blocks.11."))).toHaveLength(12);
    expect(names.some((name) => /put_blocks\.12\./.test(name))).toBe(false);
  });

  it("of convolutions that resample stand where PyTorch has them", () => {
    const { network } = theirModel({ resampling: "convolution" }).config;
    expect(theirName("down.0.resample.weight", network)).toBe("input_blocks.2.0.op.weight");
    expect(theirName("up.1.resample.bias", network)).toBe("output_blocks.1.2.conv.bias");
  });

  it("of no parameter is an error", () => {
    const { network } = theirModel().config;
    expect(() => theirName("side.0.weight", network)).toThrow(/side\.0/);
  });
});

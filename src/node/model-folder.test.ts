import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { failureOf } from "../../test/support/failure.ts";
import { presetNamed } from "../models/presets.ts";
import { decodeSafetensors, encodeSafetensors } from "../models/safetensors.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { findModel, loadModel, loadModelConfig, saveModel } from "./model-folder.ts";

const model = randomModel({ training: { images: 7, data: "two photos", more: [1] } });
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-models-"));
});
afterAll(() => rm(root, { recursive: true }));

/** A saved model whose config is then changed. */
async function damaged(name: string, change: (config: Record<string, unknown>) => unknown) {
  const folder = join(root, name);
  await saveModel(folder, model);
  const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
  await writeFile(join(folder, "config.json"), JSON.stringify(change(config)));
  return folder;
}

/** Comparing a million numbers one by one would take vitest seconds. */
function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

describe("a model folder", () => {
  it("gives back in F32 exactly what was saved", async () => {
    const folder = join(root, "deep", "exact");
    await saveModel(folder, model);
    const { config, parameters } = await loadModel(folder);
    expect(config).toEqual(model.config);
    expect(bytesOf(parameters).equals(bytesOf(model.parameters))).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(["config.json", "weights.safetensors"]);
  });

  it("takes half the room in F16 and keeps 11 bits", async () => {
    const folder = join(root, "half");
    await saveModel(folder, model, { dtype: "F16" });
    const { parameters } = await loadModel(folder);
    parameters.forEach((value, i) => {
      const exact = model.parameters[i]!;
      if (Math.abs(value - exact) > Math.abs(exact) * 2 ** -11 + 2 ** -25) {
        expect(value, `parameter ${i}`).toBe(exact);
      }
    });
    const { length } = await readFile(join(folder, "weights.safetensors"));
    expect(length).toBeLessThan(2.1 * model.parameters.length);
  });

  it("names each tensor as the network does", async () => {
    const folder = join(root, "names");
    await saveModel(folder, model);
    const { tensors } = decodeSafetensors(await readFile(join(folder, "weights.safetensors")));
    const specs = parameterSpecs(model.config.network);
    expect([...tensors.keys()]).toEqual(specs.map(({ name }) => name));
    expect(tensors.get("down.0.block.0.conv1.weight")!.shape).toEqual([32, 32, 3, 3]);
  });

  it("is replaced by saving again", async () => {
    const folder = join(root, "again");
    await saveModel(folder, model);
    const other = { config: model.config, parameters: model.parameters.map((value) => -value) };
    await saveModel(folder, other);
    const { parameters } = await loadModel(folder);
    expect(bytesOf(parameters).equals(bytesOf(other.parameters))).toBe(true);
  });

  it("is not written for another network's parameters", async () => {
    const parameters = new Float32Array(5);
    expect(
      await failureOf(saveModel(join(root, "none"), { config: model.config, parameters })),
    ).toMatch(/838732 parameters, but 5/);
    await expect(readdir(join(root, "none"))).rejects.toThrow();
  });

  it("is refused where a file is in the way", async () => {
    await writeFile(join(root, "file"), "");
    expect(await failureOf(saveModel(join(root, "file"), model))).toMatch(/Cannot write/);
  });
});

describe("a folder that is no model", () => {
  it("is named when it is missing, with what there is", async () => {
    expect(await failureOf(loadModel(join(root, "nowhere")))).toMatch(
      /no model folder .*nowhere.*bundled/,
    );
    expect(await failureOf(findModel("tiny-32"))).toMatch(/tiny-32 is a preset.*train it/);
    expect(await failureOf(findModel("landscapes-64"))).toMatch(
      /take photos-64, which has replaced it/,
    );
  });

  it("is named when a file is missing", async () => {
    const folder = join(root, "empty");
    await mkdir(folder);
    expect(await failureOf(loadModel(folder))).toMatch(/config\.json does not exist/);
    const noWeights = join(root, "no-weights");
    await saveModel(noWeights, model);
    await rm(join(noWeights, "weights.safetensors"));
    expect(await failureOf(loadModel(noWeights))).toMatch(/weights\.safetensors does not exist/);
  });

  it("is refused when its weights are truncated anywhere", async () => {
    const folder = join(root, "short");
    await saveModel(folder, model);
    const path = join(folder, "weights.safetensors");
    const { length } = await readFile(path);
    for (const size of [length - 1, Math.floor(length / 2), 100, 8, 0]) {
      await truncate(path, size);
      expect(await failureOf(loadModel(folder))).toMatch(/weights\.safetensors is cut short/);
    }
  });

  it("is refused when weights and config do not fit", async () => {
    const wider = await damaged("wider", (config) => ({
      ...config,
      network: { ...model.config.network, base: 64 },
    }));
    expect(await failureOf(loadModel(wider))).toMatch(/embed\.0\.weight.*\[128,32\].*\[256,64\]/);
    const deeper = await damaged("deeper", (config) => ({
      ...config,
      network: { ...model.config.network, blocks: 2 },
    }));
    expect(await failureOf(loadModel(deeper))).toMatch(/lacks the tensor "down\.0\.block\.1/);
    const more = join(root, "more");
    await saveModel(more, model);
    const path = join(more, "weights.safetensors");
    const { tensors } = decodeSafetensors(await readFile(path));
    tensors.set("extra", { shape: [1], data: Float32Array.of(1) });
    await writeFile(path, encodeSafetensors(tensors));
    expect(await failureOf(loadModel(more))).toMatch(/"extra"/);
  });

  it("is refused when its config is newer, broken or impossible", async () => {
    const newer = await damaged("newer", () => ({ format: 3, all: "new" }));
    expect(await failureOf(loadModelConfig(newer))).toMatch(/format 3, newer.*update/);
    const broken = join(root, "broken");
    await saveModel(broken, model);
    await writeFile(join(broken, "config.json"), '{"format": 1,');
    expect(await failureOf(loadModelConfig(broken))).toMatch(/not valid JSON/);
    const odd = await damaged("odd", (config) => ({
      ...config,
      network: { ...model.config.network, resolution: 33 },
    }));
    expect(await failureOf(loadModelConfig(odd))).toMatch(/config\.json.*33.*multiple/);
    for (const value of [null, [], 3, "x", {}, { format: "1" }]) {
      const wrong = await damaged("wrong", () => value);
      expect(await failureOf(loadModelConfig(wrong))).toMatch(/config\.json is not a model/);
    }
  });
});

describe("presets in a folder", () => {
  it("keep their networks", async () => {
    const folder = join(root, "preset");
    await saveModel(folder, model);
    expect((await loadModelConfig(folder)).network).toEqual(presetNamed("tiny-32").network);
  });
});

import { readFile } from "node:fs/promises";
import { type Zippable, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { failureOf } from "../../test/support/failure.ts";
import { temporaryFiles } from "../../test/support/temporary-files.ts";
import { findModel, loadModel, saveModel } from "./model-folder.ts";

const { at, written } = temporaryFiles(".zip");
const model = randomModel({ name: "zipped" }, smallestNetwork);
let files: Zippable;

beforeAll(async () => {
  process.env.PALETTE_CACHE = at("cache");
  await saveModel(at("model"), model);
  const [config, weights] = await Promise.all(
    ["config.json", "weights.safetensors"].map(async (name) => readFile(at(`model/${name}`))),
  );
  files = { "config.json": config!, "weights.safetensors": weights! };
});
afterAll(() => {
  delete process.env.PALETTE_CACHE;
});

describe("a model in a zip", () => {
  it("is unpacked into the cache, in a folder or not, and found there again", async () => {
    const path = await written(zipSync({ "my-model": files }), "mine.zip");
    const folder = await findModel(path);
    expect(folder).toMatch(/models.[0-9a-f]{16}.my-model$/);
    expect(await loadModel(folder)).toEqual(await loadModel(at("model")));
    expect(await findModel(path)).toBe(folder);
    const flat = await findModel(await written(zipSync(files, { level: 0 }), "flat.zip"));
    expect(flat).toMatch(/flat$/);
    expect((await loadModel(flat)).config.name).toBe("zipped");
  });

  it("is refused in one line when it is none, several, or damaged", async () => {
    const refusal = async (bytes: Uint8Array) => failureOf(findModel(await written(bytes)));
    expect(await refusal(zipSync({ "a.txt": files["config.json"]! }))).toMatch("holds no model");
    expect(await refusal(zipSync({ a: files, b: files }))).toMatch("holds 2 models");
    expect(await refusal(Buffer.from("no zip"))).toMatch("no zip that can be read");
    const broken = zipSync({ m: files }, { level: 0 });
    broken[broken.length >> 1]! ^= 1;
    expect(await refusal(broken)).toMatch("is damaged");
  });
});

/** Models prepared for int8: `palette calibrate`, `--precision int8`, and what is refused. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { largestDifference } from "../../test/support/differentiation.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { loadNetwork } from "../node/load-network.ts";
import { loadModel, saveModel } from "../node/model-folder.ts";
import { createNetwork } from "../runtime/network.ts";
import { nodeRuntime } from "../runtime/node/index.ts";
import { multipliesBytes } from "../runtime/node/int8.ts";
import { Random } from "../util/random.ts";

let root: string;
const at = (name: string) => join(root, name);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-calibrate-"));
  await writePhotos(at("photos"), 3);
  const network = { ...smallestNetwork, blocks: 1 };
  await saveModel(at("model"), randomModel({ tasks: ["dejpeg"] }, network));
  const made = await palette(
    ...["calibrate", at("model"), "--data", at("photos"), "--images", "8", "-o", at("int8")],
  );
  expect(made.stderr).toBe("");
  expect(made.stdout).toMatch(/convolutions in int8, the output within \d+\.\d dB/);
});
afterAll(() => rm(root, { recursive: true }));

const shape = [2, 3, 32, 32] as const;
const random = Random.from("calibrate.test");
const fill = () => random.fillNormal(new Float32Array(2 * 3 * 32 * 32)).map((x) => x / 2);
const call = { source: fill(), noisy: fill(), gamma: 0.5, shape };

it("keeps the ranges of inner 3x3 convolutions", async () => {
  const { int8 } = (await loadModel(at("int8"))).config;
  const places = Object.keys(int8!.ranges);
  expect(places.length).toBeGreaterThan(1);
  for (const place of places) expect(place).toMatch(/conv[12]$/);
  expect(int8!.error).toBeLessThan(1.25e-4);
});

it("gives nearly the same output in int8, or says what the processor lacks", async () => {
  const options = { threads: 1, precision: "int8" } as const;
  if (!(await multipliesBytes())) {
    await expect(loadNetwork(at("int8"), options)).rejects.toThrow("VNNI");
    return;
  }
  const outputs: Float32Array[] = [];
  for (const precision of ["float32", "int8"] as const) {
    const network = await loadNetwork(at("int8"), { threads: 1, precision });
    outputs.push(await network.predict(call));
    await network.dispose();
  }
  const difference = largestDifference(outputs[0]!, outputs[1]!);
  expect(difference).toBeGreaterThan(0);
  expect(difference).toBeLessThan(0.2);
});

it("is refused in a line without calibration, on a GPU, in low memory and on other processors", async () => {
  const refused = (folder: string, more: object) =>
    loadNetwork(at(folder), { precision: "int8", ...more });
  await expect(refused("model", {})).rejects.toThrow("has not been calibrated for int8");
  await expect(refused("int8", { device: "webgpu" })).rejects.toThrow("not for webgpu");
  await expect(refused("int8", { lowMemoryThreshold: 1 })).rejects.toThrow("of weights");
  const elsewhere = { ...nodeRuntime, multipliesBytes: async () => false };
  const model = await loadModel(at("int8"));
  await expect(createNetwork(elsewhere, model, { precision: "int8" })).rejects.toThrow("VNNI");
});

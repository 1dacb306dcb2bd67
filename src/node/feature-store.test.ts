import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FeatureNetwork, NetworkOutput } from "../evaluation/features/feature-network.ts";
import { rememberingNetwork } from "../evaluation/features/feature-store.ts";
import { createImage } from "../image/image.ts";
import { featureFiles } from "./feature-store.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-store-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const gray = (k: number) => createImage(4, 4, k / 100);

/** Features are the mean gray and its square; `computed` counts pictures. */
function network(key = "network"): FeatureNetwork & { computed: number } {
  const made = {
    key,
    computed: 0,
    featureLength: 2,
    classes: 1,
    async run(images: readonly { data: Float32Array }[]): Promise<NetworkOutput[]> {
      made.computed += images.length;
      return images.map(({ data }) => ({
        features: Float32Array.of(data[0]!, data[0]! ** 2),
        probabilities: Float32Array.of(1),
      }));
    },
  };
  return made as unknown as typeof made & FeatureNetwork;
}

describe("a stored set of features", () => {
  it("is one file, in which equal pictures stand once, and gives the same numbers again", async () => {
    const folder = join(root, "set");
    const images = [gray(1), gray(2), gray(1), gray(3)];
    const first = network();
    const outputs = await (await rememberingNetwork(first, featureFiles(folder), "a"))(images);
    expect(outputs).toEqual(await network().run(images));
    expect(first.computed).toBe(3);
    expect(await readdir(folder)).toHaveLength(1);

    const again = network();
    const remembered = await rememberingNetwork(again, featureFiles(folder), "a");
    expect(await remembered(images)).toEqual(outputs);
    expect(again.computed).toBe(0);
    // A changed picture is another content: only it is computed.
    await remembered([gray(1), gray(9)]);
    expect(again.computed).toBe(1);
  });

  it("goes on after an interruption, a torn end or a damaged record", async () => {
    const folder = join(root, "torn");
    const images = Array.from({ length: 6 }, (_, k) => gray(k));
    const interrupted = await rememberingNetwork(network(), featureFiles(folder), "a");
    await interrupted(images.slice(0, 2));
    await interrupted(images.slice(2, 4));
    const file = join(folder, (await readdir(folder))[0]!);
    const whole = (await readFile(file)).length;
    await truncate(file, whole - 5);
    const continued = network();
    const plain = await network().run(images);
    const run = async (one: typeof continued) =>
      (await rememberingNetwork(one, featureFiles(folder), "a"))(images);
    expect(await run(continued)).toEqual(plain);
    expect(continued.computed).toBe(3);

    const bytes = await readFile(file);
    expect(bytes.length).toBe((whole / 4) * 6);
    bytes[whole / 4 + 34]! ^= 1;
    await writeFile(file, bytes);
    const repaired = network();
    expect(await run(repaired)).toEqual(plain);
    expect(repaired.computed).toBe(5);
    const last = network();
    expect(await run(last)).toEqual(plain);
    expect(last.computed).toBe(0);
  });

  it("is not that of another network or another set", async () => {
    const store = featureFiles(join(root, "keys"));
    await (await rememberingNetwork(network(), store, "a"))([gray(1)]);
    for (const [key, name] of [
      ["other", "a"],
      ["network", "b"],
    ] as const) {
      const one = network(key);
      await (await rememberingNetwork(one, store, name))([gray(1)]);
      expect(one.computed).toBe(1);
    }
  });

  it("is done without where nothing can be written, which is said once", async () => {
    await writeFile(join(root, "file"), "");
    const problems: string[] = [];
    const store = featureFiles(join(root, "file"), (line) => problems.push(line));
    const run = await rememberingNetwork(network(), store, "a");
    for (const k of [1, 2]) await run([gray(k)]);
    expect(problems).toEqual([expect.stringContaining("Features are not kept")]);
  });
});

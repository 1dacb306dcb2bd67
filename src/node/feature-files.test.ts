import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { extractFeatures } from "../evaluation/features/extract-features.ts";
import type { FeatureNetwork, NetworkOutput } from "../evaluation/features/feature-network.ts";
import { createImage, type Image } from "../image/image.ts";
import { featureFiles } from "./feature-networks.ts";

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

/** The set's features, as extracted with the records in a folder. */
function outputsOf(features: FeatureNetwork, folder: string, name: string, images: Image[]) {
  const picture = async (k: number) => images[k]!;
  const set = { name, count: images.length, picture };
  return extractFeatures(set, { features, store: featureFiles(folder) });
}

describe("a stored set of features", () => {
  it("is one file, in which equal pictures stand once, and gives the same numbers again", async () => {
    const folder = join(root, "set");
    const images = [gray(1), gray(2), gray(1), gray(3)];
    const first = network();
    const outputs = await outputsOf(first, folder, "a", images);
    const numbers = images.flatMap(({ data }) => [data[0]!, data[0]! ** 2]);
    expect(outputs.features).toEqual({ data: Float32Array.from(numbers), dim: 2 });
    expect(outputs.probabilities).toEqual({ data: Float32Array.of(1, 1, 1, 1), dim: 1 });
    expect(first.computed).toBe(3);
    expect(await readdir(folder)).toHaveLength(1);

    const again = network();
    expect(await outputsOf(again, folder, "a", images)).toEqual(outputs);
    expect(again.computed).toBe(0);
    // A changed picture is another content: only it is computed.
    await outputsOf(again, folder, "a", [gray(1), gray(9)]);
    expect(again.computed).toBe(1);
  });

  it("is computed anew when its file is cut short or changed", async () => {
    const folder = join(root, "torn");
    const images = Array.from({ length: 6 }, (_, k) => gray(k));
    const plain = await outputsOf(network(), folder, "a", images);
    const file = join(folder, (await readdir(folder))[0]!);
    const whole = await readFile(file);
    const flipped = Buffer.from(whole);
    flipped[70]! ^= 1;
    for (const damaged of [whole.subarray(0, -5), flipped, Buffer.alloc(0)]) {
      await writeFile(file, damaged);
      const repaired = network();
      expect(await outputsOf(repaired, folder, "a", images)).toEqual(plain);
      expect(repaired.computed).toBe(6);
    }
    const last = network();
    expect(await outputsOf(last, folder, "a", images)).toEqual(plain);
    expect(last.computed).toBe(0);
  });

  it("is not that of another network or another set", async () => {
    const folder = join(root, "keys");
    await outputsOf(network(), folder, "a", [gray(1)]);
    for (const [key, name] of [
      ["other", "a"],
      ["network", "b"],
    ] as const) {
      const one = network(key);
      await outputsOf(one, folder, name, [gray(1)]);
      expect(one.computed).toBe(1);
    }
  });

  it("is done without where nothing can be written", async () => {
    await writeFile(join(root, "file"), "");
    const one = network();
    expect(await outputsOf(one, join(root, "file"), "a", [gray(1)])).toMatchObject({ count: 1 });
    expect(one.computed).toBe(1);
  });
});

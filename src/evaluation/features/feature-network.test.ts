import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  sha256,
  tinyManifest,
  tinyOnnx,
  writeTinyNetwork,
} from "../../../test/support/tiny-network.ts";
import { createImage, fromBytes, type Image } from "../../image/image.ts";
import { readImage } from "../../node/decode-image.ts";
import {
  chooseNetworks,
  type FoundNetwork,
  openFoundNetwork,
} from "../../node/feature-networks.ts";
import { PaletteError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import { networkInfo } from "./extract-features.ts";
import { type FeatureNetwork, withOutputs } from "./feature-network.ts";
import { type NetworkManifestInput, parseManifest, type View } from "./manifest.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-nets-"));
  await writeTinyNetwork(root);
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** One plain color, given in bytes. */
function plain(red: number, green: number, blue: number, width = 8, height = 8): Image {
  const pixels = Array.from({ length: width * height }, () => [red, green, blue]).flat();
  return fromBytes(Uint8Array.from(pixels), width, height);
}

function noise(k: number): Image {
  const random = Random.from("feature-network.test", k);
  const [width, height] = [10 + k, 12];
  const bytes = Uint8Array.from({ length: 3 * width * height }, () => random.integer(0, 255));
  return fromBytes(bytes, width, height);
}

async function open(
  changes: Partial<NetworkManifestInput> = {},
  engines = 2,
  view: View = "whole",
) {
  const manifest = parseManifest(JSON.stringify({ ...tinyManifest, ...changes }), "tiny.json");
  const found: FoundNetwork = {
    manifest,
    path: join(root, "tiny.onnx"),
    labels: join(root, "tiny.txt"),
  };
  return openFoundNetwork(found, { engines, view });
}

async function using<T>(network: FeatureNetwork, work: (n: FeatureNetwork) => Promise<T>) {
  try {
    return await work(network);
  } finally {
    await network.dispose();
  }
}

describe("a feature network", () => {
  it("gives a tensor from inside the graph and probabilities, batch fixed at 1", async () => {
    await using(await open(), async (network) => {
      expect(network).toMatchObject({ featureLength: 3, classes: 3, digest: sha256(tinyOnnx()) });
      expect(networkInfo(network).input).toMatch(/^8x8 RGB, the whole picture/);
      const [one] = await network.run([plain(255, 51, 0)]);
      expect([...one!.features!]).toEqual([1, expect.closeTo(0.2, 6), 0]);
      const sum = Math.E + Math.exp(0.2) + 1;
      expect(one!.probabilities![0]).toBeCloseTo(Math.E / sum, 6);
    });
  });

  it("takes channels, mean and scale in the manifest's order", async () => {
    const input = {
      ...tinyManifest.input,
      channels: "BGR" as const,
      mean: [10, 20, 30] as [number, number, number],
      scale: [1, 2, 3] as [number, number, number],
    };
    await using(await open({ input }), async (network) => {
      const [one] = await network.run([plain(100, 50, 25)]);
      expect([...one!.features!]).toEqual([15, 60, 210]);
    });
  });

  it("leaves the background out and brings the rest to 1, before or after a softmax", async () => {
    const half = { classes: 2, background: 1 as const, labels: undefined };
    const manifests: Partial<NetworkManifestInput>[] = [
      { ...half, outputs: { probabilities: { name: "probabilities" } } },
      { ...half, outputs: { probabilities: { name: "scores", softmax: true } } },
    ];
    await writeFile(join(root, "tiny.txt"), "n00000001 a\nn00000002 b\n");
    for (const manifest of manifests) {
      await using(await open(manifest), async (network) => {
        expect(network.featureLength).toBeUndefined();
        const [one] = await network.run([plain(200, 255, 0)]);
        expect(one!.features).toBeUndefined();
        expect(one!.probabilities![0]).toBeCloseTo(Math.E / (Math.E + 1), 6);
        expect(one!.probabilities![1]).toBeCloseTo(1 / (Math.E + 1), 6);
      });
    }
    await writeTinyNetwork(root);
  });

  it("gives a picture the same bits alone, among others and on any number of engines", async () => {
    const images = Array.from({ length: 7 }, (_, k) => noise(k));
    const together = await using(await open({}, 3), (network) => network.run(images));
    await using(await open({}, 1), async (network) => {
      for (const [k, image] of images.entries()) {
        expect(await network.run([image])).toEqual([together[k]]);
      }
    });
  });

  it("shows all of a picture for features, whose borders count", async () => {
    const resize = { shortSide: 16, crop: "centre" as const };
    const input = { ...tinyManifest.input, resize };
    // The left quarter is red; the middle half does not show it.
    const bordered = createImage(16, 16, -1);
    for (let row = 0; row < 16; row++) bordered.data.fill(1, row * 16, row * 16 + 4);
    await using(await open({ input }), async (network) => {
      const [one] = await network.run([bordered]);
      expect(one!.features![0]).toBeCloseTo(0.25, 2);
      const [line] = await network.run([createImage(400, 4, 1)]);
      expect([...line!.features!]).toEqual([1, 1, 1]);
    });
    await using(await open({ input }, 1, "middle"), async (network) => {
      const [one] = await network.run([bordered]);
      expect([...one!.features!]).toEqual([0, 0, 0]);
    });
  });

  it("cuts the middle out for a classifier, as its training did", async () => {
    const wide = createImage(24, 8, -1);
    for (let row = 0; row < 24; row++) wide.data.fill(1, row * 24 + 6, row * 24 + 18);
    await using(await open({}, 2, "middle"), async (network) => {
      const [one] = await network.run([wide]);
      expect([...one!.features!]).toEqual([1, 1, 1]);
      const line = createImage(400, 4);
      await expect(network.run([line])).rejects.toThrow("400x4 is too narrow");
    });
  });

  it("names the class of a photo by its file or folder", async () => {
    await using(await open(), async (network) => {
      expect(network.labelOf("a/n00000002_green.jpg")).toBe(1);
      expect(network.labelOf("a/n00000003/IMG_1.JPEG")).toBe(2);
      expect(network.labelOf("a/n00000009_other.jpg")).toBeUndefined();
      expect(network.labelOf("n00000002/deeper/photo.jpg")).toBeUndefined();
      expect(network.labelOf("n000000021.jpg")).toBeUndefined();
    });
  });

  it("stops by a signal before the next picture", async () => {
    await using(await open(), async (network) => {
      const controller = new AbortController();
      const images = Array.from({ length: 500 }, (_, k) => noise(k % 5));
      const running = network.run(images, controller.signal);
      setTimeout(() => controller.abort(new Error("enough")), 5);
      await expect(running).rejects.toThrow("enough");
    });
  });

  it.each<[string, Partial<NetworkManifestInput>, RegExp]>([
    ["a wrong digest", { sha256: "0".repeat(64) }, /is not the Tiny that was expected/],
    ["an unknown tensor", { outputs: { features: "pool5" } }, /manifest says.*pool5/],
    ["a wrong input", { input: { ...tinyManifest.input, name: "data" } }, /manifest says.*image/],
    ["wrong classes", { classes: 5, labels: undefined }, /lists 3 classes.*has 5/],
    ["wrong background", { background: 1 }, /holds 3 numbers.*3 classes and 1 background/],
  ])("is refused in one line with %s", async (_name, changes, complaint) => {
    const error = await open(changes).catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(PaletteError);
    expect((error as Error).message).toMatch(complaint);
    expect((error as Error).message).not.toContain("\n");
  });
});

it("appending outputs leaves the file's bytes as they are", () => {
  const model = tinyOnnx();
  const extended = withOutputs(model, { outputs: { features: "pool" } });
  expect(extended.subarray(0, model.length)).toEqual(model);
  expect(extended.length).toBeGreaterThan(model.length);
});

const shared = new URL("../../../../shared/", import.meta.url).pathname;
const hasShared = (() => {
  try {
    readFileSync(`${shared}weights/synset_words.txt`);
    return readdirSync(`${shared}data/imagenet-labelled`).length > 0;
  } catch {
    return false;
  }
})();

it.skipIf(!hasShared)("the shared networks know most of twelve ImageNet photos", async () => {
  const folder = `${shared}data/imagenet-labelled`;
  const names = readdirSync(folder).filter((name) => name.startsWith("n"));
  const photos = names.filter((_, k) => k % 17 === 0).map((name) => join(folder, name));
  const images = await Promise.all(photos.map((path) => readImage(path)));
  const { features, classifier } = await chooseNetworks({ nets: `${shared}weights` });
  for (const [found, length] of [
    [features!, 1024],
    [classifier!, 1280],
  ] as const) {
    await using(await openFoundNetwork(found, { view: "middle" }), async (network) => {
      expect(network).toMatchObject({ featureLength: length, classes: 1000 });
      const outputs = await network.run(images);
      const right = outputs.filter(({ probabilities }, k) => {
        const best = probabilities!.indexOf(Math.max(...probabilities!));
        return best === network.labelOf(photos[k]!);
      });
      expect(right.length).toBeGreaterThan(photos.length / 2);
    });
  }
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tinyManifest, writeTinyNetwork } from "../../test/support/tiny-network.ts";
import { knownNetworks, parseManifest } from "../evaluation/features/manifest.ts";
import { chooseNetworks, findNetworks, networkFolders } from "./feature-networks.ts";

let root: string;
let elsewhere: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-find-"));
  elsewhere = join(root, "elsewhere");
  vi.stubEnv("PALETTE_CACHE", join(root, "cache"));
  vi.stubEnv("PALETTE_NETS", elsewhere);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

describe("finding networks", () => {
  it("looks into the named folder, $PALETTE_NETS, beside the package and the cache, in order", () => {
    const folders = networkFolders(join(root, "mine"));
    expect(folders.slice(0, 2)).toEqual([join(root, "mine"), elsewhere]);
    expect(folders[2]).toMatch(/shared.weights$/);
    expect(folders.at(-1)).toBe(join(root, "cache", "nets"));
  });

  it("takes the first of a name, and a manifest beside the file before the known one", async () => {
    const mine = join(root, "mine");
    const own = { name: "googlenet", file: "googlenet.onnx", title: "Mine" };
    await writeTinyNetwork(mine, own);
    await writeTinyNetwork(elsewhere, { ...own, title: "Not mine" });
    await writeFile(join(mine, "package.json"), "{}");
    const { features } = await chooseNetworks({ nets: mine });
    expect(features).toMatchObject({
      manifest: { title: "Mine" },
      path: join(mine, "googlenet.onnx"),
      labels: join(mine, "tiny.txt"),
    });
  });

  it("takes the networks of the user's cache, found there without a manifest", async () => {
    const nets = join(root, "cache", "nets");
    await writeTinyNetwork(nets);
    await writeFile(join(nets, "mobilenetv2-12.onnx"), "");
    const found = await findNetworks();
    const names = found.filter(({ path }) => path.startsWith(nets)).map((one) => one.manifest.name);
    expect(names.sort()).toEqual(["mobilenetv2-12", "tiny"]);
  });

  it("says what there is and how to get it when a named one is missing or cannot serve", async () => {
    await writeTinyNetwork(elsewhere, { outputs: { features: "pool" } });
    await expect(chooseNetworks({ features: "googlenet-12" })).rejects.toThrow(
      /no network googlenet-12 \(found: .*tiny.*\); run "palette features get googlenet-12"/,
    );
    await expect(chooseNetworks({ features: "other" })).rejects.toThrow("palette features list");
    await expect(chooseNetworks({ classifier: "tiny" })).rejects.toThrow("no class probabilities");
    await expect(findNetworks(join(root, "none"))).rejects.toThrow("There is no folder");
  });

  it("refuses a broken manifest beside its network, naming the field", async () => {
    await writeTinyNetwork(elsewhere);
    await writeFile(join(elsewhere, "tiny.json"), JSON.stringify({ ...tinyManifest, input: {} }));
    await expect(findNetworks()).rejects.toThrow(/tiny\.json: input\.name: /);
  });
});

describe("a manifest", () => {
  it.each<[string, object, RegExp]>([
    ["a file outside", { file: "../x.onnx" }, /file: must be the name of a file/],
    ["no output", { outputs: {} }, /outputs: must name one output/],
    ["a short digest", { sha256: "abc" }, /sha256: must be 64/],
    ["an address that is none", { url: "file:///etc/passwd" }, /url: /],
    ["an unknown field", { colour: 1 }, /colour/],
    [
      "a crop beyond the short side",
      { input: { ...tinyManifest.input, size: 9 } },
      /shortSide must not be/,
    ],
  ])("is refused with %s", (_name, changes, complaint) => {
    const text = JSON.stringify({ ...tinyManifest, ...changes });
    expect(() => parseManifest(text, "x.json")).toThrow(complaint);
  });

  it("of each known network says how to check what can be downloaded", () => {
    expect(knownNetworks.map(({ name }) => name)).toEqual([
      "googlenet",
      "googlenet-12",
      "mobilenet_v2",
      "mobilenetv2-12",
    ]);
    for (const { url, sha256, bytes } of knownNetworks.filter((one) => one.url)) {
      expect(url).toMatch(/^https:\/\/media\.githubusercontent\.com\/.*\.onnx$/);
      expect([sha256?.length, bytes! > 1e6]).toEqual([64, true]);
    }
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { writeTinyNetwork } from "../../test/support/tiny-network.ts";
import { declareFeatures } from "./commands/features.ts";

let root: string;
let printed: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-nets-cli-"));
  vi.stubEnv("PALETTE_CACHE", join(root, "cache"));
  vi.stubEnv("PALETTE_NETS", "");
  await writeTinyNetwork(root, { license: "MIT" });
  printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

async function palette(...argv: string[]): Promise<string> {
  const program = new Command("palette").exitOverride();
  declareFeatures(program.command("features"));
  await program.parseAsync(argv, { from: "user" });
  return printed;
}

it("lists what is here and how to get what is not", async () => {
  const text = await palette("features", "list", "--nets", root);
  expect(text).toMatch(/^tiny +FID KID PD IS CA +1 MB +MIT +\S+tiny\.onnx$/m);
  expect(text).toMatch(/^mobilenetv2-12 +CA +14 MB +Apache-2\.0 +not here: palette features get/m);
  expect(text).toContain(`looked in ${root}, `);
});

it("lists the same as one JSON document", async () => {
  const { folders, networks } = JSON.parse(
    await palette("features", "list", "--nets", root, "--json"),
  );
  expect(folders[0]).toBe(root);
  expect(networks[0]).toMatchObject({ name: "tiny", path: join(root, "tiny.onnx") });
});

it("refuses to get what has no public address, naming the ones that have", async () => {
  const get = palette("features", "get", "googlenet", "--nets", join(root, "new"));
  await expect(get).rejects.toThrow(/no public address.*googlenet-12 or mobilenetv2-12/);
});

/**
 * Models in a page: fetched once, kept by digest, forgotten, dropped in; and which device it takes.
 */
import { readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { configFile, weightsFile } from "../../src/models/model.ts";
import { saveModel } from "../../src/node/model-folder.ts";
import { randomModel, smallestNetwork } from "../random-model.ts";
import { launchChromium, type Site, serveSite, skipsChromium } from "../support/chromium.ts";
import { temporaryFiles } from "../support/temporary-files.ts";
import { sha256 } from "../support/tiny-network.ts";

describe.skipIf(skipsChromium)("models in a page", () => {
  const { at: temporary } = temporaryFiles("");
  let site: Site;
  let browser: Browser;
  let page: Page;
  let bytes: number;
  let digest: string;

  /** What a function of the page gives, or the message of its error. */
  async function call(name: string, ...given: unknown[]): Promise<unknown> {
    const parameters = given.map((value) => JSON.stringify(value)).join();
    return page.evaluate(
      `runtimeSuite.${name}(${parameters}).catch((error) => ({ error: error.message }))`,
    );
  }

  beforeAll(async () => {
    const folder = temporary("model");
    const half = temporary("half");
    for (const place of [folder, half]) await saveModel(place, randomModel({}, smallestNetwork));
    const other = temporary("other");
    await saveModel(other, randomModel({ name: "other" }));
    const config = join(folder, configFile);
    const weights = join(folder, weightsFile);
    bytes = (await stat(weights)).size;
    const content = await readFile(weights);
    digest = sha256(content);
    await truncate(join(half, weightsFile), bytes / 2);
    const zip = zipSync({
      "mine/config.json": await readFile(config),
      "mine/weights.safetensors": content,
      "mine/README.md": new Uint8Array(3),
    });
    await writeFile(temporary("mine.zip"), zip);
    const named = (name: string, at: string) => ({
      [`/${name}/${configFile}`]: { file: join(at, configFile) },
      [`/${name}/${weightsFile}`]: { file: join(at, weightsFile) },
    });
    const root = fileURLToPath(new URL("./page", import.meta.url));
    site = await serveSite(root, temporary("page"), {
      ...named("model", folder),
      ...named("copy", folder),
      ...named("half", half),
      [`/foreign/${configFile}`]: { file: config },
      [`/foreign/${weightsFile}`]: { file: join(other, weightsFile) },
      [`/broken/${configFile}`]: { file: config },
      [`/broken/${weightsFile}`]: {
        answer(response) {
          response.writeHead(200, { "Content-Length": bytes });
          response.write(content.subarray(0, 1000));
          setTimeout(() => response.destroy(), 20);
        },
      },
      "/mine.zip": { file: temporary("mine.zip") },
    });
    browser = await launchChromium();
  });
  beforeEach(async () => {
    await page?.context().close();
    page = await (await browser.newContext()).newPage();
    await page.goto(site.address);
    await page.waitForFunction("globalThis.runtimeSuite !== undefined");
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it("are fetched with progress, kept by the digest of their weights, and used without a network", async () => {
    const first = (await call("fetched", "model")) as { progress: { done: number }[] };
    expect(first).toMatchObject({ digest, bytes, kept: true });
    expect(first.progress.at(-1)).toEqual({ done: bytes, total: bytes });
    await page.context().setOffline(true);
    expect(await call("fetched", "model/")).toEqual({ ...first, progress: [] });
    expect(await call("fetched", "elsewhere")).toEqual({
      error: expect.stringMatching(/elsewhere\/config\.json cannot be fetched/),
    });
    expect(await call("stored")).toEqual([
      { digest, bytes, name: "random", address: `${site.address}model/` },
    ]);
    const { progress: _, ...model } = first;
    expect(await call("opened", digest)).toEqual(model);
  });

  it("are there once, from whichever address, and forgotten when told so", async () => {
    await call("fetched", "model");
    expect(await call("fetched", "copy", { digest })).toMatchObject({ progress: [], kept: true });
    expect(await call("stored")).toHaveLength(1);
    expect(await call("forget", digest)).toBe(true);
    expect(await call("forget", digest)).toBe(false);
    expect(await call("stored")).toEqual([]);
    expect(await call("opened", digest)).toEqual({
      error: `The browser keeps no model ${digest.slice(0, 12)}: load it again.`,
    });
  });

  it("that are cut short, broken off or another's are refused in a line and not kept", async () => {
    const messages: Record<string, RegExp> = {
      half: /^http.*half\/weights\.safetensors is cut short: copy or download it again\.$/,
      broken: /^The download of .*broken.* broke off after \d+ of \d+ bytes \(.+\): try again\.$/,
      foreign: /^http.*foreign\/weights\.safetensors.* tensor /,
      nowhere: /^http.*nowhere\/config\.json cannot be fetched \(status 404\)\.$/,
    };
    for (const [address, message] of Object.entries(messages)) {
      expect(await call("fetched", address)).toEqual({ error: expect.stringMatching(message) });
    }
    const wrong = digest.replace(/^./, (first) => (first === "0" ? "1" : "0"));
    expect(await call("fetched", "model", { digest: wrong })).toEqual({
      error: expect.stringMatching(/is another file than expected \(SHA-256 /),
    });
    expect(await call("stored")).toEqual([]);
  });

  it("are opened from files or a zip", async () => {
    const files = [`model/${configFile}`, `model/${weightsFile}`];
    expect(await call("dropped", files, false)).toMatchObject({ digest, bytes, kept: false });
    expect(await call("stored")).toEqual([]);
    expect(await call("dropped", ["mine.zip"])).toMatchObject({ digest, kept: true });
    expect(await call("stored")).toEqual([{ digest, bytes, name: "random" }]);
    expect(await call("dropped", [`model/${configFile}`])).toEqual({
      error: expect.stringMatching(/^There is no model in it: drop a model's folder/),
    });
  });

  it("run on WebAssembly where there is no GPU, and on what was asked for", async () => {
    expect(await call("chooseDevice")).toMatchObject({
      device: "cpu",
      why: expect.stringMatching(/^no-/),
      reason: expect.stringMatching(/\.$/),
    });
    expect(await call("chooseDevice", { device: "webgpu" })).toMatchObject({
      device: "webgpu",
      why: "asked",
    });
  });
});

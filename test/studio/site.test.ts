/** The site in Chromium: everything in the page, on a host that knows nothing but files. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import type { Browser, Page, Worker } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSite } from "../../scripts/studio/build-site.ts";
import { configFile, weightsFile } from "../../src/models/model.ts";
import { saveModel } from "../../src/node/model-folder.ts";
import { randomModel, smallestNetwork } from "../random-model.ts";
import { launchChromium, type Site, serveFolder, skipsChromium } from "../support/chromium.ts";
import { savedModel } from "../support/studio.ts";
import {
  choose,
  drag,
  grayPhoto,
  openPage,
  openPhoto,
  pixelsOf,
  run,
  save,
  violations,
} from "./driver.ts";

/** In a folder of the host. */
const place = "photos/site/";

describe.skipIf(skipsChromium)("the site", () => {
  let folder: string;
  let host: Site;
  /** Another site, with a model. */
  let other: Site;
  let browser: Browser;
  let page: Page;
  /** Whatever the browser was asked for, by the page, its workers and its service worker. */
  const requests: string[] = [];
  const at = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "palette-site-"));
    await savedModel(at("first"));
    const brought = randomModel({ name: "brought" }, smallestNetwork);
    brought.parameters.fill(0.01, 0, 10);
    await saveModel(at("other/brought"), brought);
    await buildSite({ out: at(`host/${place}`), models: [at("first")] });
    host = await serveFolder(at("host"));
    other = await serveFolder(at("other"));
    browser = await launchChromium();
    page = await openPage(browser, host.address + place);
    page.context().on("request", (request) => requests.push(request.url()));
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
    await other?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function restores(way: string, prepare: () => Promise<void> = async () => {}) {
    await openPhoto(page, await grayPhoto("old.jpg", 24, 16));
    await choose(page, way);
    await prepare();
    await run(page);
    const download = await save(page, "PNG");
    const { width, height } = await pixelsOf(download);
    return { name: download.suggestedFilename(), width, height };
  }

  async function machine(work: () => Promise<void>): Promise<void> {
    await page.getByRole("button", { name: "This machine" }).click();
    await page.getByRole("dialog").waitFor();
    await work();
    await page.keyboard.press("Escape");
  }

  const shelf = () => page.locator(".shelf li").allInnerTexts();
  const thread = (): Worker => {
    const found = page.workers().find((worker) => /\/worker-[^/]*\.js$/.test(worker.url()));
    if (found === undefined) throw new Error("There is no worker that restores.");
    return found;
  };

  it("says where it computes and what it fetches, before it does", async () => {
    await machine(async () => {
      await page.getByText("Chosen when it is first needed.").waitFor();
      expect(await shelf()).toEqual([expect.stringMatching(/fetched when it is first needed/)]);
      expect(await violations(page)).toEqual([]);
    });
    expect(requests.filter((url) => /\.wasm$|\.safetensors$/.test(url))).toEqual([]);
  });

  it("colorizes, fills, extends, repairs and upscales", async () => {
    await page.evaluate(() => localStorage.setItem("studio.settings", '{"steps":2,"samples":2}'));
    await page.reload();
    expect(await restores("Colorize")).toEqual({ name: "old-colorize.png", width: 24, height: 16 });
    const fill = () => drag(page, [0.4, 0.5], [0.6, 0.5]);
    expect(await restores("Fill", fill)).toMatchObject({ name: "old-inpaint.png", width: 24 });
    const grow = () => page.getByRole("button", { name: "All around" }).click();
    const grown = await restores("Extend", grow);
    expect(grown.name).toBe("old-uncrop.png");
    expect(grown.width).toBeGreaterThan(24);
    const panorama = () => page.getByRole("radio", { name: "Panorama" }).check();
    expect(await restores("Extend", panorama)).toMatchObject({ name: "old-panorama.png" });
    expect(await restores("Repair")).toEqual({ name: "old-dejpeg.png", width: 24, height: 16 });
    expect(await restores("Upscale")).toEqual({ name: "old-upscale.png", width: 48, height: 32 });
    await machine(async () => {
      await page.getByText(/On (one core|up to \d+ cores) of the processor/).waitFor();
      expect(await shelf()).toEqual([expect.stringMatching(/kept on this machine/)]);
    });
  });

  it("keeps EXIF data, upright, in every format", async () => {
    const buffer = await sharp({
      create: { width: 16, height: 24, channels: 3, background: "#808080" },
    })
      .withExif({ IFD0: { Artist: "somebody" } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    await openPhoto(page, { name: "turned.jpg", mimeType: "image/jpeg", buffer });
    await choose(page, "Colorize");
    await run(page);
    await page.getByText("It was turned upright (EXIF).").waitFor();
    for (const format of ["PNG", "JPEG", "WEBP"]) {
      const file = await readFile(await (await save(page, format)).path());
      const { width, height, orientation, exif } = await sharp(file).metadata();
      expect([width, height, orientation]).toEqual([24, 16, 1]);
      expect(exif?.includes("somebody")).toBe(true);
    }
  });

  it("shows estimates, cancels, and goes on with another request", async () => {
    await openPhoto(page, await grayPhoto("long.png", 24, 16));
    await page.getByText("Settings").click();
    await page.getByRole("spinbutton", { name: "Steps" }).fill("100");
    await page.locator("button[name=start]").click();
    await page.getByText(/^Step \d+ of 100/).waitFor();
    await page
      .getByRole("button", { name: /^Estimate/ })
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.locator("button[name=start]").waitFor();
    await page.getByRole("spinbutton", { name: "Steps" }).fill("1");
    await run(page);
  });

  it("works offline after a reload: history, saving, another answer", async () => {
    await host.close();
    await page.reload();
    await page.getByRole("button", { name: "Answer 2" }).waitFor();
    const saved = await pixelsOf(await save(page, "JPEG"));
    expect([saved.width, saved.height]).toEqual([24, 16]);
    await page.getByRole("button", { name: "More answers" }).click();
    await page.getByRole("button", { name: "Answer 4" }).waitFor();
  });

  it("takes a model that is dropped on it, and forgets it", async () => {
    const files = await readdir(at("other/brought"));
    const contents = await Promise.all(files.map((name) => readFile(at(`other/brought/${name}`))));
    const zip = zipSync(
      Object.fromEntries(files.map((name, k) => [`brought/${name}`, contents[k]!])),
    );
    expect(files).toEqual(expect.arrayContaining([configFile, weightsFile]));
    await page.evaluate((base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], "brought.zip"));
      dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
    }, Buffer.from(zip).toString("base64"));
    await page.getByText("brought is ready to be used.").waitFor();
    await openPhoto(page, await grayPhoto("again.png", 24, 16));
    await run(page);
    await machine(async () => {
      expect(await shelf()).toHaveLength(2);
      await page.getByRole("button", { name: "Forget brought" }).click();
      await expect.poll(async () => (await shelf()).length).toBe(1);
    });
  });

  it("asks no other site, but for the model that the user named there", async () => {
    const strangers = () => requests.filter((url) => !url.startsWith(`${host.address}${place}`));
    expect(strangers().filter((url) => !/^(blob|data):/.test(url))).toEqual([]);
    const address = `${other.address}brought/`;
    const asks = (where: { evaluate(script: string): Promise<unknown> }) =>
      where.evaluate(`fetch("${address}x").then(() => "answered", () => "refused")`);
    page.removeAllListeners("console");
    expect(await asks(page)).toBe("refused");
    expect(await asks(thread())).toBe("refused");
    await machine(async () => {
      await page.getByLabel("Address of a model's folder").fill(address);
      await page.getByRole("button", { name: "Fetch" }).click();
      await page.getByText("brought is ready to be used.").waitFor();
      expect(await asks(page)).toBe("refused");
      await page.getByRole("button", { name: "Forget brought" }).click();
    });
    const asked = strangers().filter((url) => !/^(blob|data):/.test(url));
    expect(new Set(asked)).toEqual(
      new Set([configFile, weightsFile].map((file) => `${address}${file}`)),
    );
  });
});

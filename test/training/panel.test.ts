/** "Make it mine" on the site, as a user would: photos in, a trained model out. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSite } from "../../scripts/studio/build-site.ts";
import { findModel, loadModel, saveModel } from "../../src/node/model-folder.ts";
import { randomModel, smallestNetwork } from "../random-model.ts";
import { grayPhoto, violations } from "../studio/driver.ts";
import {
  launchChromium,
  reportErrors,
  type Site,
  serveFolder,
  skipsChromium,
} from "../support/chromium.ts";

/** Milliseconds, on a busy machine. */
const limit = 300_000;

describe.skipIf(skipsChromium)("Make it mine", () => {
  let folder: string;
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  const asked: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "palette-mine-"));
    const model = join(folder, "begin");
    await saveModel(model, randomModel({ name: "begin", tasks: ["colorize"] }, smallestNetwork));
    await buildSite({ out: join(folder, "site"), models: [model] });
    site = await serveFolder(join(folder, "site"));
    browser = await launchChromium();
    context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce" });
    context.on("request", (request) => asked.push(request.url()));
  }, limit);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function opened(): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(limit / 2);
    reportErrors(page);
    await page.goto(site.address);
    await page.getByRole("button", { name: "Make it mine" }).click();
    return page;
  }

  it(
    "teaches a model six photos, survives a reload, and gives a zip that Node opens",
    async () => {
      const page = await opened();
      const dialog = page.getByRole("dialog");
      const start = dialog.getByRole("button", { name: "Start training" });
      const photos = await Promise.all(
        Array.from({ length: 6 }, (_, k) => grayPhoto(`photo-${k}.png`, 48 + k, 40)),
      );
      const broken = { name: "broken.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no") };
      const add = (files: typeof photos) =>
        dialog.locator("input[type=file]").setInputFiles([...files]);

      await add(photos.slice(0, 4));
      await dialog.getByText("4 photos. Add 1 more").waitFor();
      expect(await start.isDisabled()).toBe(true);
      await add([...photos.slice(4), broken]);
      await dialog.getByText("6 photos.").waitFor();
      expect(await dialog.getByRole("alert").textContent()).toBe(
        "broken.jpg cannot be read by this browser and was left out; save it as JPEG or PNG.",
      );
      expect(await dialog.getByRole("checkbox", { name: "Colorize" }).isChecked()).toBe(true);
      expect(await violations(page)).toEqual([]);

      await dialog.getByLabel("How long", { exact: true }).fill("100000");
      await start.press("Enter");
      await dialog.getByRole("img", { name: /^Loss by task: Colorize/ }).waitFor();
      await dialog.getByRole("img", { name: "Samples after 0 images" }).waitFor();
      await dialog.getByText(/images\/s · .* left/).waitFor();
      expect(await violations(page)).toEqual([]);
      await dialog.getByRole("button", { name: "Stop" }).click();
      const state = dialog.getByText(/^A training of 6 photos was stopped at \d+ images\.$/);
      const line = await state.textContent();
      await dialog.getByRole("slider", { name: "Compare" }).waitFor();
      await page.close();

      const again = await opened();
      const reopened = again.getByRole("dialog");
      await reopened.getByText(line ?? "").waitFor();
      await reopened.getByRole("slider", { name: "Compare" }).fill("50");
      expect(await violations(again)).toEqual([]);
      const images = Number(/(\d+) images/.exec(line ?? "")?.[1]) + 8;
      await reopened.getByLabel("How long", { exact: true }).fill(String(images));
      await reopened.getByLabel("How long", { exact: true }).blur();
      await reopened.getByRole("button", { name: "Continue" }).click();
      await reopened.getByText(`A training of 6 photos was stopped at ${images} images.`).waitFor();
      await reopened.getByText(/^Error on photos that were not trained on/).waitFor();

      const downloading = again.waitForEvent("download");
      await reopened.getByRole("button", { name: "Download" }).click();
      const download = await downloading;
      expect(download.suggestedFilename()).toBe("my-begin.zip");
      const zip = join(folder, "my-begin.zip");
      await writeFile(zip, await readFile(await download.path()));
      const { config } = await loadModel(await findModel(zip));
      expect(config.name).toBe("my-begin");
      expect(config.training).toMatchObject({ images, photos: { training: 5, heldOut: 1 } });

      await reopened.getByRole("button", { name: "Use it here" }).click();
      await again.getByText("my-begin is ready to be used.").waitFor();
      again.on("dialog", (question) => void question.accept());
      await reopened.getByRole("button", { name: "Discard" }).click();
      await reopened.getByText("Drop photos here").waitFor();
      expect(
        asked.filter((url) => !url.startsWith(site.address) && !/^(blob|data):/.test(url)),
      ).toEqual([]);
    },
    limit,
  );
});

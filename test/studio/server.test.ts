/** The studio's page on its server, from a photo of the folder to a file beside it. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Executor, RestoreWork } from "../../src/studio/server/executor.ts";
import { launchChromium, skipsChromium } from "../support/chromium.ts";
import { atOnce, savedModel, withStudio } from "../support/studio.ts";
import { choose, drag, drawnAt, openPage, openPhoto, pixelsOf, run, save } from "./driver.ts";

describe.skipIf(skipsChromium)("the studio's page on its server", () => {
  let folder: string;
  const at = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "palette-studio-"));
    await build({
      configFile: fileURLToPath(new URL("../../vite.studio.config.ts", import.meta.url)),
      logLevel: "error",
      build: { outDir: at("page") },
    });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("opens a photo that the browser cannot decode, and restores the file itself", async () => {
    const models = [await savedModel(at("scans"))];
    const works: RestoreWork[] = [];
    const executor: Executor = {
      ...atOnce,
      run(work, listeners) {
        works.push(work);
        return atOnce.run(work, listeners);
      },
    };
    const scan = await sharp({
      create: { width: 64, height: 96, channels: 3, background: "#b04020" },
    })
      .withMetadata({ orientation: 6 })
      .tiff({ compression: "lzw" })
      .toBuffer();
    const browser = await launchChromium();
    try {
      await withStudio({ models, page: at("page"), executors: [executor] }, async ({ url }) => {
        const page = await openPage(browser, url);
        await openPhoto(page, { name: "scan.tif", mimeType: "image/tiff", buffer: scan });
        expect(await drawnAt(page, 0.5, 0.5)).toEqual([0xb0, 0x40, 0x20]);
        await run(page);
        expect(Buffer.from(works[0]?.image ?? []).equals(scan)).toBe(true);
        const saved = await pixelsOf(await save(page, "PNG"));
        expect([saved.width, saved.height]).toEqual([96, 64]);
      });
    } finally {
      await browser.close();
    }
  });

  it("fills a photo of the folder, saves it, and saves it beside the photo", async () => {
    const models = [await savedModel(at("model"))];
    const photo = await sharp({
      create: { width: 96, height: 64, channels: 3, background: "#808080" },
    })
      .withExif({ IFD0: { Artist: "somebody" } })
      .jpeg({ quality: 95 })
      .toBuffer();
    await mkdir(at("photos"));
    await writeFile(at("photos/old.jpg"), photo);
    const browser = await launchChromium();
    const options = { models, folder: at("photos"), page: at("page") };
    try {
      await withStudio({ ...options, executors: undefined }, async ({ url }) => {
        const page = await openPage(browser, url);
        const complaints: string[] = [];
        page.on("console", (message) => {
          if (message.type() === "error") complaints.push(message.text());
        });
        for (const icon of ["icon.svg", "favicon.ico"]) {
          const answer = await page.request.get(`${url}/${icon}`);
          expect([answer.status(), answer.headers()["content-type"]]).toEqual([
            200,
            "image/svg+xml",
          ]);
        }
        const small = page.locator(".folder img");
        await expect(small.getAttribute("src")).resolves.toMatch(/\?width=\d+$/);
        await expect
          .poll(() => small.evaluate((img: HTMLImageElement) => img.naturalWidth))
          .toBe(96);
        await page.getByRole("button", { name: "old.jpg" }).click();
        await choose(page, "Fill");
        await drag(page, [0.4, 0.5], [0.6, 0.5]);
        await page.getByText("Settings").click();
        await page.getByRole("spinbutton", { name: "Steps" }).fill("2");
        await run(page);
        await page.getByRole("button", { name: "Answer 2" }).waitFor();

        const download = await save(page, "PNG");
        const saved = await pixelsOf(download);
        expect([saved.width, saved.height]).toEqual([96, 64]);
        expect(saved.at(2, 2)).toEqual([128, 128, 128]);
        expect(saved.at(48, 32)).not.toEqual([128, 128, 128]);
        const { exif } = await sharp(await readFile(await download.path())).metadata();
        expect(exif?.includes("somebody")).toBe(true);

        await page.keyboard.press("Control+s");
        await page.getByRole("radio", { name: "WEBP" }).check();
        await page.getByRole("button", { name: "Save in the folder" }).click();
        await page.getByText("Saved as").waitFor();
        const names = await readdir(at("photos"));
        expect(names).toHaveLength(2);
        expect(names.find((name) => name !== "old.jpg")).toMatch(/^old.*\.webp$/);
        expect(complaints).toEqual([]);
      });
    } finally {
      await browser.close();
    }
  });
});

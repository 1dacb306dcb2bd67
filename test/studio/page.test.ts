/** The studio's page in Chromium, on a restorer that needs no model. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RestoreRequest } from "../../src/studio/web/restorer.ts";
import { launchChromium, type Site, serveSite, skipsChromium } from "../support/chromium.ts";
import {
  choose,
  chroma,
  drag,
  drawnAt,
  grayPhoto,
  openPage,
  openPhoto,
  pageRoot,
  pixelsOf,
  readPixels,
  run,
  save,
  violations,
} from "./driver.ts";
import type { FakeRestorer } from "./page/fake-restorer.ts";

declare const restorer: FakeRestorer;

/** Steps of the history that the browser keeps. */
function keptSteps(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const answered = <T>(request: IDBRequest<T>) =>
      new Promise<T>((done) => {
        request.onsuccess = () => done(request.result);
      });
    const database = await answered(indexedDB.open("palette-studio"));
    const works = await answered(database.transaction("works").objectStore("works").getAll());
    database.close();
    return works[0]?.history.steps.length ?? 0;
  });
}

describe.skipIf(skipsChromium)("the studio's page", () => {
  let folder: string;
  let site: Site;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "palette-studio-"));
    site = await serveSite(pageRoot, folder);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A page of its own, closed after the test's body. */
  async function onPage(
    body: (page: Page) => Promise<void>,
    { pause = 1, ...options }: BrowserContextOptions & { pause?: number } = {},
  ): Promise<void> {
    const page = await openPage(browser, `${site.address}?pause=${pause}`, options);
    try {
      await body(page);
    } finally {
      await page.context().close();
    }
  }

  describe("ways of working, from the file to the saved picture", () => {
    it("colorizes", () =>
      onPage(async (page) => {
        await openPhoto(page, await grayPhoto());
        await run(page);
        const download = await save(page);
        expect(download.suggestedFilename()).toBe("photo-colorize.png");
        const saved = await pixelsOf(download);
        expect([saved.width, saved.height, saved.format]).toEqual([96, 64, "png"]);
        expect(chroma(saved.at(48, 32))).toBeGreaterThan(40);
      }));

    it("fills what was painted over, and nothing else", () =>
      onPage(async (page) => {
        await openPhoto(page, await grayPhoto());
        await choose(page, "Fill");
        await expect(page.locator("button[name=start]").isDisabled()).resolves.toBe(true);
        await drag(page, [0.4, 0.5], [0.6, 0.5]);
        await run(page);
        const saved = await pixelsOf(await save(page, "PNG"));
        expect(chroma(saved.at(48, 32))).toBeGreaterThan(40);
        expect(saved.at(3, 3)).toEqual([67, 67, 67]);
      }));

    it("extends by a dragged frame", () =>
      onPage(async (page) => {
        await openPhoto(page, await grayPhoto());
        await choose(page, "Extend");
        const handle = page.getByRole("slider", { name: "Right edge" });
        const box = (await handle.boundingBox())!;
        await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
        await page.mouse.down();
        await page.mouse.move(box.x + box.width / 2 + 100, box.y + 300, { steps: 3 });
        await page.mouse.up();
        const grown = Number(await handle.getAttribute("aria-valuenow"));
        expect(grown).toBeGreaterThan(5);
        const margin = () => handle.getAttribute("aria-valuenow").then(Number);
        await handle.press("ArrowRight");
        await page.keyboard.press("Control+z");
        await page.keyboard.press("Control+z");
        expect(await margin()).toBe(0);
        await page.keyboard.press("Control+Shift+z");
        await expect.poll(margin).toBe(grown);
        await run(page);
        const saved = await pixelsOf(await save(page));
        expect([saved.width, saved.height]).toEqual([96 + grown, 64]);
        expect(saved.at(3, 3)).toEqual([67, 67, 67]);
        expect(chroma(saved.at(95 + grown, 3))).toBeGreaterThan(40);
      }));

    it("extends to a shape, and to a panorama", () =>
      onPage(async (page) => {
        await openPhoto(page, await grayPhoto());
        await choose(page, "Extend");
        await page.getByRole("button", { name: "16:9", exact: true }).click();
        await page.getByText("114 × 64").waitFor();
        await page.getByRole("radio", { name: "Panorama" }).check();
        await page.getByText("192 × 64").waitFor();
        await run(page);
        const download = await save(page);
        expect(download.suggestedFilename()).toBe("photo-panorama.png");
        expect((await pixelsOf(download)).width).toBe(192);
      }));

    it("repairs a JPEG and says how it was compressed", () =>
      onPage(async (page) => {
        await openPhoto(page, await grayPhoto("old.jpg"));
        await choose(page, "Repair");
        await page.getByText("JPEG 30 of 100").waitFor();
        await page.getByText("Repair in any case").click();
        await run(page);
        await page.getByText("Restored all the same.").waitFor();
        const saved = await pixelsOf(await save(page, "JPEG"));
        expect(saved.format).toBe("jpeg");
      }));

    it("upscales", () =>
      onPage(async (page) => {
        await openPhoto(page, await grayPhoto());
        await choose(page, "Upscale");
        await page.getByText("192 × 128").waitFor();
        await run(page);
        const saved = await pixelsOf(await save(page, "WEBP"));
        expect([saved.width, saved.height, saved.format]).toEqual([192, 128, "webp"]);
      }));
  });

  it("opens a sample, a pasted photo, one by its address, and says what it cannot read", () =>
    onPage(async (page) => {
      await page.getByRole("button", { name: "Remove a rock" }).click();
      await page.getByText(/% is filled/).waitFor();
      const { buffer } = await grayPhoto();
      await page.evaluate((base64) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
        dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
      }, buffer.toString("base64"));
      await page.getByText("pasted.png").waitFor();
      await page.getByRole("button", { name: "Another photo" }).click();
      await page.getByRole("button", { name: "Back to pasted.png" }).click();
      await page.getByText("pasted.png").waitFor();
      await page.getByRole("button", { name: "Another photo" }).click();
      await page.getByRole("button", { name: "Open by address" }).click();
      // The browser complains of what is not there.
      page.removeAllListeners("console");
      await page.getByLabel("Address of a picture").fill(`${site.address}nothing.png`);
      await page.getByRole("button", { name: "Open", exact: true }).click();
      await page.getByText("cannot be read from that address").waitFor();
      const sample = await page.locator(".sample img").first().getAttribute("src");
      await page.getByLabel("Address of a picture").fill(new URL(sample!, site.address).href);
      await page.getByRole("button", { name: "Open", exact: true }).click();
      await page.locator(".surface").waitFor();
      await page.locator("#studio > input[type=file]").setInputFiles({
        name: "notes.png",
        mimeType: "image/png",
        buffer: Buffer.from("no picture"),
      });
      await page.getByText("notes.png cannot be shown by this browser").waitFor();
    }));

  it("undoes and redoes strokes, grows, inverts, saves and loads the mask", () =>
    onPage(async (page) => {
      await openPhoto(page, await grayPhoto());
      await choose(page, "Fill");
      const share = page.locator(".panel .unit[aria-live]");
      const shares = [await share.textContent()];
      const keep = async () => shares.push(await share.textContent());
      await drag(page, [0.4, 0.5], [0.6, 0.5]);
      await keep();
      await page.keyboard.press("r");
      await drag(page, [0.3, 0.3], [0.7, 0.7]);
      await keep();
      await page.keyboard.press("Shift+>");
      await keep();
      await page.keyboard.press("i");
      await keep();
      expect(new Set(shares).size).toBe(5);
      for (const expected of shares.slice(0, -1).reverse()) {
        await page.keyboard.press("Control+z");
        await expect.poll(() => share.textContent()).toBe(expected);
      }
      for (const expected of shares.slice(1)) {
        await page.keyboard.press("Control+Shift+z");
        await expect.poll(() => share.textContent()).toBe(expected);
      }
      const saving = page.waitForEvent("download");
      await page.getByRole("button", { name: "Save mask" }).click();
      const file = await (await saving).path();
      const mask = await readPixels(await readFile(file));
      expect([mask.at(1, 1), mask.at(48, 32)]).toEqual([
        [255, 255, 255],
        [0, 0, 0],
      ]);
      await page.keyboard.press("Delete");
      await expect.poll(() => share.textContent()).toBe("");
      await page.locator(".panel input[type=file]").setInputFiles(file);
      await expect.poll(() => share.textContent()).toBe(shares.at(-1));
    }));

  it("shows estimates, step and time, stays usable, and cancels at once", () =>
    onPage(
      async (page) => {
        await openPhoto(page, await grayPhoto());
        await page.locator("button[name=start]").click();
        await page.getByText(/^Step \d of 4/).waitFor();
        await page.getByText("s left").waitFor();
        await page.getByRole("button", { name: "Estimate 2" }).waitFor();
        await expect.poll(async () => chroma(await drawnAt(page, 0.5, 0.5))).toBeGreaterThan(5);
        await page.keyboard.press("+");
        await page.getByRole("button", { name: "Cancel" }).click();
        await page.locator("button[name=start]").waitFor();
        await expect.poll(() => page.evaluate(() => restorer.cancelled)).toBe(1);
        expect(chroma(await drawnAt(page, 0.5, 0.5))).toBe(0);
      },
      { pause: 1500 },
    ));

  it("compares by slider, by a held key, side by side and all at once", () =>
    onPage(async (page) => {
      await openPhoto(page, await grayPhoto());
      await run(page);
      expect(chroma(await drawnAt(page, 0.3, 0.5))).toBeGreaterThan(40);
      await page.keyboard.down("c");
      expect(chroma(await drawnAt(page, 0.3, 0.5))).toBe(0);
      await page.keyboard.up("c");
      expect(chroma(await drawnAt(page, 0.3, 0.5))).toBeGreaterThan(40);

      await page.keyboard.press("s");
      const divider = page.getByRole("slider", { name: "Line between before and after" });
      expect(chroma(await drawnAt(page, 0.3, 0.5))).toBe(0);
      expect(chroma(await drawnAt(page, 0.7, 0.5))).toBeGreaterThan(40);
      await divider.press("Home");
      expect(chroma(await drawnAt(page, 0.3, 0.5))).toBeGreaterThan(40);

      await page.keyboard.press("d");
      await page.locator(".cell-label", { hasText: "Before" }).waitFor();
      await page.keyboard.press("g");
      await page.locator(".cell-label", { hasText: "Answer 2" }).waitFor();
      const box = (await page.locator(".cell-label", { hasText: "Answer 2" }).boundingBox())!;
      await page.mouse.click(box.x + 60, box.y - 60);
      await expect(
        page.getByRole("button", { name: "Answer 2" }).getAttribute("aria-pressed"),
      ).resolves.toBe("true");
    }));

  it("asks for more answers, goes on from one, and restores any step", () =>
    onPage(async (page) => {
      await openPhoto(page, await grayPhoto());
      await run(page);
      await page.getByRole("button", { name: "More answers" }).click();
      await page.getByRole("button", { name: "Answer 4" }).waitFor();
      const seeds = await page
        .locator(".answers .tile[aria-label^=Answer]")
        .evaluateAll((tiles) => tiles.map((tile) => tile.getAttribute("title")));
      expect(seeds).toEqual(["Seed 1", "Seed 1", "Seed 2", "Seed 2"]);
      await page.getByRole("button", { name: "Go on from this" }).click();
      await choose(page, "Upscale");
      await run(page);
      await page.keyboard.press("h");
      await page.locator(".steps button").nth(0).click();
      expect(chroma(await drawnAt(page, 0.5, 0.5))).toBe(0);
      await page.keyboard.press("h");
      await expect(page.locator(".steps li").count()).resolves.toBe(3);
      await page.locator(".steps button").nth(1).click();
      await page.getByRole("button", { name: "Answer 4" }).waitFor();
      await page.keyboard.press("Control+z");
      await expect.poll(async () => chroma(await drawnAt(page, 0.5, 0.5))).toBe(0);
    }));

  it("saves all answers as a zip", () =>
    onPage(async (page) => {
      await openPhoto(page, await grayPhoto());
      await run(page);
      await page.keyboard.press("Control+s");
      const downloading = page.waitForEvent("download");
      await page.getByRole("button", { name: "All 2 answers as zip" }).click();
      const files = unzipSync(await readFile(await (await downloading).path()));
      expect(Object.keys(files)).toEqual(["photo-colorize.png", "photo-colorize-2.png"]);
      const [first, second] = await Promise.all(Object.values(files).map(readPixels));
      expect(first?.at(48, 32)).not.toEqual(second?.at(48, 32));
    }));

  it("restores a batch: one task, progress, a zip; a broken file stops nothing", () =>
    onPage(async (page) => {
      const photos = await Promise.all(
        Array.from({ length: 6 }, (_, k) => grayPhoto(`${k % 5}.png`, 24, 16)),
      );
      await openPhoto(page, ...photos, {
        name: "broken.png",
        mimeType: "image/png",
        buffer: Buffer.from("no picture"),
      });
      const dialog = page.getByRole("dialog", { name: "Batch" });
      await dialog.getByLabel("Task").selectOption("Extend");
      await dialog.getByRole("button", { name: "Start" }).click();
      await dialog.getByText("7 of 7 photos").waitFor();
      await expect(dialog.locator("li.failed").count()).resolves.toBe(1);
      const downloading = page.waitForEvent("download");
      await dialog.getByRole("button", { name: "Save zip" }).click();
      const files = unzipSync(await readFile(await (await downloading).path()));
      expect(Object.keys(files).sort()).toEqual([
        "0-uncrop (2).png",
        "0-uncrop.png",
        "1-uncrop.png",
        "2-uncrop.png",
        "3-uncrop.png",
        "4-uncrop.png",
      ]);
      const saved = await readPixels(files["3-uncrop.png"]!);
      expect([saved.width, saved.height]).toEqual([36, 24]);
    }));

  it("finds its request again after a reload, with photo and mask", () =>
    onPage(
      async (page) => {
        await openPhoto(page, await grayPhoto("kept.png"));
        await choose(page, "Fill");
        await drag(page, [0.4, 0.5], [0.6, 0.5]);
        await page.locator("button[name=start]").click();
        await page.getByRole("button", { name: "Cancel" }).waitFor();
        // It would take minutes; after the reload it may go on.
        await page.waitForFunction(() => sessionStorage.getItem("studio.request") !== null);
        await page.evaluate(() => history.replaceState(null, "", "?pause=1"));
        await page.reload();
        await page.getByText("kept.png").waitFor();
        await page.getByRole("button", { name: "Answer 2" }).waitFor();
        expect(chroma(await drawnAt(page, 0.5, 0.5))).toBeGreaterThan(40);
        await page.getByRole("button", { name: "Before", exact: true }).click();
        await page.getByText(/% is filled/).waitFor();
      },
      { pause: 60_000 },
    ));

  it("finds the history of steps again after a reload", () =>
    onPage(async (page) => {
      await openPhoto(page, await grayPhoto("kept.png"));
      await run(page);
      await page.getByRole("button", { name: "Answer 2" }).click();
      await page.getByRole("button", { name: "Go on from this" }).click();
      await choose(page, "Upscale");
      await run(page);
      const colour = await drawnAt(page, 0.5, 0.5);
      await expect.poll(() => keptSteps(page)).toBe(3);
      await page.reload();
      await page.getByRole("button", { name: "Answer 2" }).waitFor();
      await page.getByText("kept.png").waitFor();
      expect(await drawnAt(page, 0.5, 0.5)).toEqual(
        colour.map((value) => expect.closeTo(value, -1)),
      );
      await page.keyboard.press("Control+z");
      await page.keyboard.press("Control+z");
      await page.keyboard.press("Control+z");
      await expect.poll(async () => chroma(await drawnAt(page, 0.5, 0.5))).toBe(0);
      await page.keyboard.press("h");
      await expect(page.locator(".steps li").count()).resolves.toBe(3);
      await page.locator(".steps button").nth(2).click();
      await page.getByRole("button", { name: "Go on from this" }).click();
      const saved = await pixelsOf(await save(page, "PNG"));
      expect([saved.width, saved.height]).toEqual([192, 128]);
    }));

  it("works by the keyboard alone", () =>
    onPage(async (page) => {
      const press = async (...keys: string[]) => {
        for (const key of keys) await page.keyboard.press(key);
      };
      const sample = page.getByRole("button", { name: "Give colour" });
      for (let k = 0; k < 20; k++) {
        if (await sample.evaluate((element) => element === document.activeElement)) break;
        await press("Tab");
      }
      await press("Enter");
      await page.locator(".surface").waitFor();
      await press("?");
      await page.getByRole("dialog", { name: "Keys" }).getByText("Hold to see before").waitFor();
      await press("Escape", "2");
      for (let k = 0; k < 30; k++) {
        await press("Tab");
        if (await page.evaluate(() => document.activeElement?.matches(".surface"))) break;
      }
      await press("Enter", "ArrowRight", "ArrowRight", "ArrowDown", "Enter");
      await page.getByText(/% is filled/).waitFor();
      await press("Control+Enter");
      await page.getByRole("button", { name: "Answer 2" }).waitFor();
      await press(".");
      await expect(
        page.getByRole("button", { name: "Answer 2" }).getAttribute("aria-pressed"),
      ).resolves.toBe("true");
      await press("Control+s");
      const saveButton = page
        .getByRole("dialog")
        .getByRole("button", { name: "Save", exact: true });
      for (let k = 0; k < 10; k++) {
        if (await saveButton.evaluate((element) => element === document.activeElement)) break;
        await press("Tab");
      }
      const downloading = page.waitForEvent("download");
      await press("Enter");
      expect((await downloading).suggestedFilename()).toBe("hills-inpaint.png");
    }));

  it("hands the settings over, and shows the line of what cannot be done", () =>
    onPage(async (page) => {
      await openPhoto(page, await grayPhoto());
      await page.getByText("Settings").click();
      await page.getByRole("spinbutton", { name: "Answers" }).fill("3");
      await page.getByRole("spinbutton", { name: "Steps" }).fill("2");
      await page.getByRole("radio", { name: "Fixed" }).check();
      await page.getByRole("spinbutton", { name: "Seed" }).fill("7");
      await page.getByLabel("Sampler").selectOption("dpm++");
      await run(page);
      const options = () =>
        page.evaluate(() => (restorer.requests.at(-1) as RestoreRequest).options);
      expect(await options()).toEqual({ samples: 3, steps: 2, seed: 7, sampler: "dpm++" });
      await page.getByText("Mean answer").click();
      await page.getByRole("spinbutton", { name: "Seed" }).fill("13");
      await page.locator("button[name=start]").click();
      await page.getByText("The seed 13 is not lucky; take 14.").waitFor();
      expect(await options()).toEqual({ seed: 13, mean: true });
    }));

  it("zooms to the pointer and back, and pinches", () =>
    onPage(async (page) => {
      await openPhoto(page, await grayPhoto());
      const percent = page.locator(".percent");
      const fitted = await percent.textContent();
      await page.locator(".surface").hover({ position: { x: 300, y: 300 } });
      await page.mouse.wheel(0, -400);
      await expect.poll(() => percent.textContent()).not.toBe(fitted);
      await page.keyboard.press("a");
      await expect.poll(() => percent.textContent()).toBe("100 %");
      await page.locator(".surface").evaluate((surface) => {
        const { left, top } = surface.getBoundingClientRect();
        surface.setPointerCapture = () => {};
        const touch = (type: string, pointerId: number, x: number) =>
          surface.dispatchEvent(
            new PointerEvent(type, {
              pointerId,
              pointerType: "touch",
              clientX: left + x,
              clientY: top + 200,
              bubbles: true,
            }),
          );
        touch("pointerdown", 1, 300);
        touch("pointerdown", 2, 400);
        touch("pointermove", 2, 500);
        touch("pointerup", 1, 300);
        touch("pointerup", 2, 500);
      });
      await expect.poll(() => percent.textContent()).toBe("200 %");
      await page.keyboard.press("f");
      await expect.poll(() => percent.textContent()).toBe(fitted);
    }));

  it("fits 360 pixels of width in every way of working", () =>
    onPage(
      async (page) => {
        const overflow = () =>
          page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(await overflow()).toBe(0);
        await openPhoto(page, await grayPhoto());
        for (const way of ["Colorize", "Fill", "Extend", "Repair", "Upscale"]) {
          await choose(page, way);
          expect(await overflow()).toBe(0);
          const box = (await page.locator("button[name=start]").boundingBox())!;
          expect(box.x + box.width).toBeLessThanOrEqual(360);
          expect(box.y + box.height).toBeLessThanOrEqual(740);
        }
        await run(page);
        expect(await overflow()).toBe(0);
        const last = (await page.locator(".top-bar > :last-child").boundingBox())!;
        expect(last.x + last.width).toBeLessThanOrEqual(360);
        await save(page);
      },
      { viewport: { width: 360, height: 740 }, hasTouch: true },
    ));

  it("has nothing that a screen reader stumbles over, light and dark, in both languages", () =>
    onPage(async (page) => {
      expect(await violations(page)).toEqual([]);
      await openPhoto(page, await grayPhoto("old.jpg"));
      await page.getByText("Settings").click();
      await run(page);
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press("s");
      expect(await violations(page)).toEqual([]);
      await page.getByLabel("Language").selectOption("Deutsch");
      await page.getByRole("button", { name: "Hell oder dunkel" }).click();
      await expect(page.getAttribute("html", "lang")).resolves.toBe("de");
      for (const key of ["2", "3", "4", "5"]) {
        await page.keyboard.press(key);
        expect(await violations(page)).toEqual([]);
      }
      for (const key of ["?", "h", "Control+s"]) {
        await page.keyboard.press(key);
        await page.getByRole("dialog").waitFor();
        expect(await violations(page)).toEqual([]);
        await page.keyboard.press("Escape");
      }
      await page.getByRole("button", { name: "Stapel" }).click();
      expect(await violations(page)).toEqual([]);
    }));
});

/** A whole study in Chromium, by a subject who sees and presses. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StudyServer, startStudyServer } from "../../src/study/server/server.ts";
import { openPage, violations } from "../studio/driver.ts";
import { launchChromium, skipsChromium } from "../support/chromium.ts";
import { Subject, smallStudy } from "../support/study.ts";

describe.skipIf(skipsChromium)("the study's page", () => {
  let place: string;
  let server: StudyServer;
  let browser: Browser;

  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), "palette-study-"));
    const page = join(place, "page");
    await build({
      configFile: fileURLToPath(new URL("../../vite.study.config.ts", import.meta.url)),
      logLevel: "error",
      build: { outDir: page },
    });
    const made = await smallStudy(place, { seconds: 0.3, inputSeconds: 0.2, side: 128 });
    server = await startStudyServer({ ...made, page, port: 0, open: true, links: 1 });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await rm(place, { recursive: true, force: true });
  });

  /** How many pixels of the left and the right picture are painted. */
  const painted = (page: Page) =>
    page.locator(".choice canvas").evaluateAll((canvases) =>
      canvases.map((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const context = (canvas as HTMLCanvasElement).getContext("2d");
        const { data } = context!.getImageData(0, 0, width, height);
        return data.filter((value, i) => i % 4 === 3 && value === 255).length;
      }),
    );
  const hidden = (page: Page) => page.locator('.middle[data-stage="hidden"]').waitFor();
  const start = (page: Page) => page.getByRole("button", { name: "Start" }).click();

  it("leads from consent to the code by keys alone, and hides pairs after their time", async () => {
    const page = await openPage(browser, server.url);
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.getByRole("heading", { name: /from a camera/ }).waitFor();
    await page.getByText("Taking part is voluntary").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "I agree" }).press("Enter");
    await page.getByRole("heading", { name: "First some practice" }).waitFor();
    expect(await violations(page)).toEqual([]);
    // The button has the focus.
    await page.keyboard.press("Enter");
    await hidden(page);
    expect(await painted(page)).toEqual([0, 0]);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("ArrowLeft");
    await page.getByText(/this is the photo|the other one is the photo/).waitFor();
    expect(await painted(page)).toEqual([128 * 128, 128 * 128]);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Now it counts" }).waitFor();
    await page.locator("button:focus").waitFor();
    await page.keyboard.press("Enter");
    for (let trial = 0; trial < 5; trial++) {
      await page.getByText(`${trial} of 5`).waitFor();
      await hidden(page);
      await page.keyboard.press(trial % 2 === 0 ? "ArrowRight" : "f");
    }
    await page.getByRole("heading", { name: "Thank you!" }).waitFor();
    expect(await page.locator(".code").textContent()).toMatch(/^[A-Z2-9]{10}$/);
    expect(await violations(page)).toEqual([]);
    // Every sheet was fetched once, by a name of its own.
    const addresses = await page.evaluate(() =>
      performance.getEntriesByType("resource").map(({ name }) => name),
    );
    const sheets = addresses.filter((address) => address.includes("/sheets/"));
    expect(sheets).toHaveLength(6);
    expect(new Set(sheets).size).toBe(6);
    expect(complaints).toEqual([]);

    await page.getByText("My data").click();
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save what is kept" }).click();
    const kept = JSON.parse(await readFile(await (await saving).path(), "utf8"));
    expect(kept.votes.map(({ side }: { side: string }) => side)).toEqual([
      ...["left", "right", "left", "right", "left", "right"],
    ]);
    for (const { frames, shown } of kept.votes) {
      expect(frames).toBeGreaterThan(0);
      expect(shown).toBeGreaterThan(0);
    }
    page.on("dialog", (dialog) => dialog.accept());
    await page.getByRole("button", { name: "Delete what is kept" }).click();
    await page.getByText("Nothing of you is kept").waitFor();
    await page.context().close();
  });

  it("goes on where a subject was, on a telephone, by touch, in German", async () => {
    const token = new URL(server.links[0]!).hash.slice(1);
    const before = new Subject(server.url, token);
    const { next } = await before.consent();
    await before.vote(next[0]!.name, "left");
    const page = await openPage(browser, server.links[0]!, {
      viewport: { width: 360, height: 640 },
      ...{ hasTouch: true, isMobile: true, locale: "de-DE" },
    });
    await page.getByRole("heading", { name: "Bereit weiterzumachen?" }).waitFor();
    await page.getByRole("button", { name: "Los" }).tap();
    await page.getByText("0 von 5").waitFor();
    const wide = () =>
      page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    await hidden(page);
    expect(await wide()).toBe(true);
    const boxes = await page.locator(".choice").evaluateAll((choices) =>
      choices.map((choice) => {
        const { width, height, bottom } = choice.getBoundingClientRect();
        return { width, height, isSeen: bottom <= window.innerHeight };
      }),
    );
    expect(boxes[0]).toEqual(boxes[1]);
    expect(boxes[0]).toMatchObject({ isSeen: true });
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Rechts" }).tap();
    await page.getByText("1 von 5").waitFor();
    expect((await before.session()).done).toBe(2);
    // Loaded again, it goes on as well.
    await page.reload();
    await page.getByRole("heading", { name: "Bereit weiterzumachen?" }).waitFor();
    expect(await wide()).toBe(true);
    await page.getByRole("combobox", { name: "Sprache" }).selectOption("English");
    await start(page);
    await page.getByText("1 of 5").waitFor();
    await page.context().close();
  });

  it("says so when a link is nobody's", async () => {
    const page = await openPage(browser, `${server.url}#nobody`);
    await page.getByText("This link is not known").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });
});

/** Training in Chromium, on WASM: against Node's numbers, and against a tab that is killed. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planTraining, train } from "../../src/node/training.ts";
import {
  launchChromium,
  reportErrors,
  type Site,
  serveSite,
  skipsChromium,
} from "../support/chromium.ts";
import { writePhotos } from "../training-photos.ts";
import type { PageTraining } from "./page/main.ts";
import { trainingSettings } from "./settings.ts";

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Milliseconds, on a busy machine. */
const limit = 300_000;

describe.skipIf(skipsChromium)("training in a page", () => {
  const images = 60;
  let folder: string;
  let photos: string[];
  let site: Site;
  let isolated: Site;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "palette-page-"));
    photos = await readdir(await writePhotos(join(folder, "photos"), 9));
    const root = fileURLToPath(new URL("./page", import.meta.url));
    const served = Object.fromEntries(
      photos.map((name) => [`/photos/${name}`, { file: join(folder, "photos", name) }]),
    );
    site = await serveSite(root, join(folder, "site"), served);
    isolated = await serveSite(root, join(folder, "isolated"), served, isolation);
    browser = await launchChromium();
  }, limit);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await isolated?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function opened({ address }: Site, context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(limit);
    reportErrors(page);
    await page.goto(address);
    await page.waitForFunction("globalThis.trainingSuite !== undefined");
    return page;
  }

  const run = (page: Page, out: string): Promise<PageTraining> =>
    page.evaluate(`trainingSuite.run(${JSON.stringify(photos)}, "${out}", ${images})`);
  const digests = (page: Page, out: string) => page.evaluate(`trainingSuite.digests("${out}")`);

  it(
    "takes 30 steps whose loss falls, with Node's numbers, and to the same bytes after its tab was killed, with shared memory and without",
    async () => {
      const whole = await opened(isolated, await browser.newContext());
      expect(await whole.evaluate("crossOriginIsolated")).toBe(true);
      const unbroken = await run(whole, "whole");
      expect(unbroken.outcome).toMatchObject({ end: "images", images, steps: 30 });
      expect(unbroken.losses.length).toBe(images);
      expect(mean(unbroken.losses.slice(-20))).toBeLessThan(
        0.9 * mean(unbroken.losses.slice(0, 20)),
      );
      expect(unbroken.outcome.validationLoss?.mean).toBeGreaterThan(0);

      const node: number[] = [];
      const plan = await planTraining({ ...trainingSettings, data: [join(folder, "photos")] });
      await train(plan, {
        out: join(folder, "run"),
        images: 8,
        reporter: { line() {}, progress: ({ losses }) => node.push(...losses) },
      });
      for (const [k, loss] of node.entries()) {
        const apart = Math.abs(unbroken.losses[k]! / loss - 1);
        // Adam divides by the gradient's size: from its second update on, rounding shows.
        expect(apart).toBeLessThan(k < 4 ? 1e-5 : 1e-4);
      }

      const context = await browser.newContext();
      const killed = await opened(site, context);
      expect(await killed.evaluate("crossOriginIsolated")).toBe(false);
      void run(killed, "broken").catch(() => {});
      await killed.waitForFunction("globalThis.seen >= 28");
      await killed.close();
      const again = await opened(site, context);
      const resumed = await run(again, "broken");
      expect(resumed.lines.join("\n")).toMatch(/continuing at 2\d images/);
      expect(await digests(again, "broken")).toEqual(await digests(whole, "whole"));
      const stats: { images: number }[] = await again.evaluate('trainingSuite.stats("broken")');
      expect(stats.map((line) => line.images)).toEqual(
        Array.from({ length: images / 4 }, (_, k) => 4 * (k + 1)),
      );
    },
    limit,
  );

  it("reads files whole that are replaced all the while", async () => {
    const page = await opened(site, await browser.newContext());
    expect(await page.evaluate("trainingSuite.readSwapped(300)")).toEqual(["65536 characters"]);
  });
});

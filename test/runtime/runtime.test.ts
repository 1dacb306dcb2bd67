import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { grayscale, type Image } from "../../src/image/image.ts";
import { smallestSize } from "../../src/image/model-size.ts";
import { resize } from "../../src/image/resize.ts";
import { configFile, weightsFile } from "../../src/models/model.ts";
import { readImage } from "../../src/node/decode-image.ts";
import { findModel, loadModel } from "../../src/node/model-folder.ts";
import { nodeRuntime } from "../../src/runtime/node/index.ts";
import {
  launchChromium,
  reportErrors,
  type Site,
  serveSite,
  skipsChromium,
} from "../support/chromium.ts";
import { largest, largestDifference } from "../support/differentiation.ts";
import { bytesOf, type CaseResults, imageOf, restorations, runCases } from "./cases.ts";

/** Milliseconds for compiling and running the cases on one platform, on a busy machine. */
const limit = 300_000;

let photo: Image;
let folder: string;
let node: CaseResults;

beforeAll(async () => {
  const path = fileURLToPath(new URL("../../samples/beach.jpg", import.meta.url));
  const original = await readImage(path);
  const { width, height } = smallestSize(original, 64);
  photo = resize(original, width, height);
  folder = await findModel();
  node = await runCases(nodeRuntime, await loadModel(folder), photo);
}, limit);

describe("onnxruntime-node", () => {
  it("answers the bundled model's network call with finite numbers", () => {
    expect(node.networkCall.every(Number.isFinite)).toBe(true);
    expect(largest(node.networkCall)).toBeGreaterThan(0.1);
  });

  it("colorizes the photo and keeps its luma", () => {
    const { width, height } = photo;
    const luma = grayscale(imageOf(node.colorize, width, height));
    expect(largestDifference(luma.data, grayscale(photo).data)).toBeLessThan(0.02);
    expect(largestDifference(node.colorize, luma.data)).toBeGreaterThan(0.05);
  });

  it("gives a loss and a gradient for each parameter", () => {
    expect(node.losses.every((loss) => loss > 0)).toBe(true);
    expect(node.gradient.every(Number.isFinite)).toBe(true);
    expect(largest(node.gradient)).toBeGreaterThan(0);
  });
});

describe.skipIf(skipsChromium)("onnxruntime-web in Chromium", () => {
  let built: string;
  let site: Site;
  let browser: Browser;
  let web: Record<keyof CaseResults, number[]>;

  beforeAll(async () => {
    built = await mkdtemp(join(tmpdir(), "palette-page-"));
    const { width, height, data } = photo;
    const root = fileURLToPath(new URL("./page", import.meta.url));
    site = await serveSite(root, built, {
      [`/model/${configFile}`]: { file: join(folder, configFile) },
      [`/model/${weightsFile}`]: { file: join(folder, weightsFile) },
      "/photo.json": { text: JSON.stringify({ width, height, data: [...data] }) },
    });
    browser = await launchChromium();
    const page = await browser.newPage();
    reportErrors(page);
    await page.goto(site.address);
    await page.waitForFunction("globalThis.runtimeSuite !== undefined");
    web = await page.evaluate("runtimeSuite.run()");
  }, limit);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await rm(built, { recursive: true, force: true });
  });

  it("computes the bundled model's network call as Node does", () => {
    const difference = largestDifference(Float32Array.from(web.networkCall), node.networkCall);
    expect(difference).toBeLessThan(1e-4 * largest(node.networkCall));
  });

  it.each(restorations)("%s: the same picture, within one 8-bit step", (name) => {
    const [here, there] = [Float32Array.from(web[name]), node[name]];
    expect(here).toHaveLength(there.length);
    expect(largestDifference(bytesOf(here), bytesOf(there))).toBeLessThanOrEqual(1);
  });

  it("computes the gradient of a training step as Node does", () => {
    expect(largestDifference(Float32Array.from(web.losses), node.losses)).toBeLessThan(
      1e-5 * largest(node.losses),
    );
    expect(largestDifference(Float32Array.from(web.gradient), node.gradient)).toBeLessThan(
      1e-5 * largest(node.gradient),
    );
  });
});

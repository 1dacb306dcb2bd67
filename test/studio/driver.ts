/** Drives the studio's page in Chromium as a user would. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Download, Page } from "playwright-core";
import sharp from "sharp";
import { reportErrors } from "../support/chromium.ts";

/** The page on the restorer of `test/studio/page`. */
export const pageRoot = fileURLToPath(new URL("./page", import.meta.url));

export interface Upload {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** A gray photo, darker to the left. */
export async function grayPhoto(name = "photo.png", width = 96, height = 64): Promise<Upload> {
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    pixels.fill(64 + Math.round((96 * (i % width)) / width), 3 * i, 3 * i + 3);
  }
  const image = sharp(pixels, { raw: { width, height, channels: 3 } });
  if (!name.endsWith(".jpg")) {
    return { name, mimeType: "image/png", buffer: await image.png().toBuffer() };
  }
  return { name, mimeType: "image/jpeg", buffer: await image.jpeg({ quality: 30 }).toBuffer() };
}

export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  reportErrors(page);
  await page.goto(address);
  await page.locator("main").waitFor();
  return page;
}

/** Opens photos by the page's own file field, and waits until a single one is shown. */
export async function openPhoto(page: Page, ...photos: readonly Upload[]): Promise<void> {
  await page.locator("#studio > input[type=file]").setInputFiles([...photos]);
  if (photos.length !== 1) return;
  await page.locator(`.file-name[title="${photos[0]!.name}"]`).waitFor({ state: "attached" });
  await page.locator(".surface").waitFor();
}

export async function choose(page: Page, way: string): Promise<void> {
  await page.getByRole("navigation").getByRole("button", { name: way }).click();
}

/** Starts a request and waits for its answers. */
export async function run(page: Page): Promise<void> {
  const before = await page.locator(".answers .tile img").count();
  await page.locator("button[name=start]").click();
  await page.waitForFunction(
    (count) => document.querySelectorAll(".answers .tile img").length > count,
    before,
    { timeout: 60_000 },
  );
  await page.locator("button[name=start]").waitFor();
}

/** Saves what is shown by the dialog. */
export async function save(page: Page, format?: string): Promise<Download> {
  await page.locator(".top-bar").getByRole("button", { name: "Save" }).click();
  const dialog = page.getByRole("dialog");
  if (format !== undefined) await dialog.getByRole("radio", { name: format }).check();
  const downloading = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  return downloading;
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly format: string | undefined;
  at(x: number, y: number): number[];
}

export async function pixelsOf(download: Download): Promise<Pixels> {
  return readPixels(await readFile(await download.path()));
}

export async function readPixels(file: Buffer | Uint8Array): Promise<Pixels> {
  const { format } = await sharp(file).metadata();
  const { data, info } = await sharp(file)
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const at = (x: number, y: number) => {
    const first = (y * width + x) * channels;
    return [...data.subarray(first, first + channels)];
  };
  return { width, height, format, at };
}

/** How far the colours of a pixel are apart, 0 for gray. */
export function chroma([red = 0, green = 0, blue = 0]: number[]): number {
  return Math.max(red, green, blue) - Math.min(red, green, blue);
}

/** A place in the view, from 0 to 1, as it is drawn. */
export function drawnAt(page: Page, x: number, y: number): Promise<number[]> {
  return page.evaluate(
    async ([x, y]) => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const canvas = document.querySelector<HTMLCanvasElement>(".surface canvas");
      const context = canvas?.getContext("2d");
      if (!canvas || !context) return [];
      const pixel = context.getImageData(x! * canvas.width, y! * canvas.height, 1, 1);
      return [...pixel.data.slice(0, 3)];
    },
    [x, y],
  );
}

/** Drags from one place of the picture to another, both from 0 to 1 of the view. */
export async function drag(
  page: Page,
  from: readonly [number, number],
  to: readonly [number, number],
): Promise<void> {
  const box = await page.locator(".surface").boundingBox();
  if (box === null) throw new Error("There is no picture to draw on.");
  const at = ([x, y]: readonly [number, number]) =>
    [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 4 });
  await page.mouse.up();
}

/** What a screen reader would stumble over, one line each. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const engine = (globalThis as unknown as { axe: typeof import("axe-core") }).axe;
    const found = await engine.run(document, { resultTypes: ["violations"] });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`),
    );
  });
}

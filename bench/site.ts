/**
 * `npx tsx bench/site.ts [--photo 4000x3000] [--way Colorize ...] [--model FOLDER] [--visits N]`:
 * the site as `npm run build:site` makes it, in Chromium on loopback: until the page can be used,
 * what is fetched for it, until the first answer, and the private memory of the tab while a large
 * photo is restored in each way. Without visits only the last. Needs Linux (/proc).
 */
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Browser, BrowserContext, Page } from "playwright-core";
import sharp from "sharp";
import { buildSite } from "../scripts/studio/build-site.ts";
import { choose, drag, openPhoto } from "../test/studio/driver.ts";
import { launchChromium, serveFolder } from "../test/support/chromium.ts";

const { values } = parseArgs({
  options: {
    photo: { type: "string", default: "4000x3000" },
    way: { type: "string", multiple: true, default: ["Colorize", "Fill"] },
    samples: { type: "string", default: "2" },
    steps: { type: "string" },
    model: { type: "string" },
    visits: { type: "string", default: "5" },
  },
});
const [width = 4000, height = 3000] = values.photo.split("x").map(Number);
const sample = fileURLToPath(new URL("../samples/beach.jpg", import.meta.url));

async function newContext(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const settings = JSON.stringify({
    ...{ samples: Number(values.samples), seed: 1, language: "en" },
    ...(values.steps !== undefined && { steps: Number(values.steps) }),
  });
  await context.addInitScript(
    `localStorage.setItem("studio.settings", ${JSON.stringify(settings)})`,
  );
  return context;
}

/** Milliseconds from the address to a page that takes a photo, and the files that it fetched. */
async function visit(page: Page, address: string): Promise<{ ms: number; files: string[] }> {
  const files: string[] = [];
  page.on("request", (request) => files.push(request.url()));
  const start = performance.now();
  await page.goto(address, { waitUntil: "commit" });
  await page.locator(".drop-zone").waitFor();
  const ms = performance.now() - start;
  return { ms, files: [...files] };
}

/** Seconds until the answers are there. */
async function restore(page: Page, photo: Buffer, way = "Colorize"): Promise<number> {
  await openPhoto(page, { name: "photo.jpg", mimeType: "image/jpeg", buffer: photo });
  await choose(page, way);
  if (way === "Fill") await drag(page, [0.4, 0.5], [0.6, 0.5]);
  const start = performance.now();
  await page.locator("button[name=start]").click();
  await page
    .getByRole("button", { name: `Answer ${values.samples}` })
    .waitFor({ timeout: 1_800_000 });
  return (performance.now() - start) / 1000;
}

/** Anonymous and shared memory of the largest of this program's tabs, megabytes. */
async function tabMegabytes(): Promise<number> {
  const processes = new Map<number, { parent: number; text: string }>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/status`, "utf8").catch(() => "");
    processes.set(Number(name), { parent: Number(/PPid:\s+(\d+)/.exec(text)?.[1] ?? 0), text });
  }
  const isOurs = (pid: number): boolean =>
    pid === process.pid || (processes.has(pid) && isOurs(processes.get(pid)!.parent));
  let most = 0;
  for (const [pid, { text }] of processes) {
    if (!isOurs(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!command.includes("--type=renderer")) continue;
    const kilobytes = (name: string) =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0);
    most = Math.max(most, (1.024 * (kilobytes("RssAnon") + kilobytes("RssShmem"))) / 1000);
  }
  return most;
}

const out = await mkdtemp(join(tmpdir(), "palette-site-"));
await buildSite({ out, ...(values.model !== undefined && { models: [values.model] }) });
const host = await serveFolder(out);
const browser = await launchChromium();
try {
  if (Number(values.visits) > 0) await first(Number(values.visits));
  for (const way of values.way) await large(way);
} finally {
  await browser.close();
  await host.close();
  await rm(out, { recursive: true, force: true });
}

async function first(count: number): Promise<void> {
  const visits: number[] = [];
  let bytes = 0;
  for (let k = 0; k < count; k++) {
    const context = await newContext(browser);
    const { ms, files } = await visit(await context.newPage(), host.address);
    visits.push(ms);
    const sizes = files.map((url) => {
      const path = decodeURIComponent(new URL(url).pathname).replace(/\/$/, "/index.html");
      return stat(join(out, path)).then(({ size }) => size);
    });
    bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    await context.close();
  }
  visits.sort((a, b) => a - b);
  const median = visits[Math.floor(visits.length / 2)]!;
  console.log(`usable after ${median.toFixed(0)} ms (median of ${visits.length} first visits)`);
  console.log(`fetched until then: ${(bytes / 1e6).toFixed(2)} MB, uncompressed`);
  const context = await newContext(browser);
  const page = await context.newPage();
  await visit(page, host.address);
  const seconds = await restore(page, await sharp(sample).jpeg().toBuffer());
  console.log(
    `first answers, with the model's download: ${seconds.toFixed(1)} s (${values.samples} colorized)`,
  );
  await context.close();
}

async function large(way: string): Promise<void> {
  const context = await newContext(browser);
  const page = await context.newPage();
  await visit(page, host.address);
  let most = 0;
  const watch = setInterval(async () => {
    most = Math.max(most, await tabMegabytes());
  }, 200);
  // Of a low quality, as otherwise there is nothing to repair.
  const resized = sharp(sample).resize(width, height, { fit: "fill" });
  const seconds = await restore(page, await resized.jpeg({ quality: 10 }).toBuffer(), way);
  clearInterval(watch);
  const answers = `${values.samples} answers in ${seconds.toFixed(1)} s`;
  console.log(`${way}, ${width}x${height} pixels: ${answers}, at most ${most.toFixed(0)} MB`);
  await context.close();
}

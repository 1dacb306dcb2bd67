/**
 * The library in Chromium beside Node, on the same machine: `npm run bench:web [-- folder]` writes
 * web-speed.json and web-weight.json for docs/results/data. Times are those of the processor on one
 * thread, the least of several runs.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { configFile, weightsFile } from "../../src/models/model.ts";
import { findModel, loadModel } from "../../src/node/model-folder.ts";
import { nodeRuntime } from "../../src/runtime/node/index.ts";
import { launchChromium, reportErrors, serveSite } from "../../test/support/chromium.ts";
import { pagesCpuTime } from "./cpu-time.ts";
import { callBench, trainingBench, trainingImages } from "./work.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const [folder = here("../../docs/results/data")] = process.argv.slice(2);
const rounds = 5;
const callsARound = 8;

type Row = readonly string[];
const temporary = await mkdtemp(join(tmpdir(), "palette-bench-"));
const model = await findModel();
const site = await serveSite(here("./page"), join(temporary, "page"), {
  [`/model/${configFile}`]: { file: join(model, configFile) },
  [`/model/${weightsFile}`]: { file: join(model, weightsFile) },
  "/favicon.ico": { text: "" },
});
try {
  await mkdir(folder, { recursive: true });
  await write(
    "web-speed",
    ["on one thread", "Node", "Chromium, WebAssembly", "times"],
    await speeds(),
  );
  await write("web-weight", ["", "bytes", "gzip"], await weights());
} finally {
  await site.close();
  await rm(temporary, { recursive: true, force: true });
}

async function speeds(): Promise<Row[]> {
  const nodeTime = () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;
  const kinds = [
    { what: "call", make: async () => callBench(nodeRuntime, await loadModel(model)), images: 1 },
    { what: "training", make: () => trainingBench(nodeRuntime), images: trainingImages },
  ] as const;
  return inChromium(async (page) => {
    const rows: Row[] = [];
    for (const { what, make, images } of kinds) {
      const work = await make();
      await work.run();
      const node = await least(nodeTime, async () => {
        for (let k = 0; k < callsARound; k++) await work.run();
      });
      await work.dispose();
      await page.evaluate(`bench.begin("${what}")`);
      const web = await least(pagesCpuTime, () => page.evaluate(`bench.run(${callsARound})`));
      const speed = (each: number) => `${((1000 * images) / each).toPrecision(3)} a second`;
      const name =
        what === "call"
          ? "network calls of photos-64, 64x64 pixels"
          : `training images of tiny-32, ${images} a step`;
      rows.push([name, speed(node), speed(web), (web / node).toFixed(2)]);
    }
    return rows;
  });
}

/** Milliseconds of a call, in the round that took least. */
async function least(clock: () => number, round: () => Promise<unknown>): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let k = 0; k < rounds; k++) {
    const start = clock();
    await round();
    shortest = Math.min(shortest, (clock() - start) / callsARound);
  }
  return shortest;
}

/** Of the module for pages without a bundler, and of what it loads on each device. */
async function weights(): Promise<Row[]> {
  const out = join(temporary, "browser");
  await build({
    configFile: here("../../vite.browser.config.ts"),
    logLevel: "error",
    build: { outDir: out, emptyOutDir: true },
  });
  const sizes = new Map<string, Row>();
  for (const file of [...(await readdir(out)), "photos-64"]) {
    const path = file === "photos-64" ? join(model, weightsFile) : join(out, file);
    const bytes = await readFile(path);
    const kilobytes = (size: number) => `${Math.ceil(size / 1000).toLocaleString("en-US")} kB`;
    sizes.set(file, [file, kilobytes(bytes.length), kilobytes(gzipSync(bytes).length)]);
  }
  return [...sizes.values()];
}

async function inChromium<T>(work: (page: Page) => Promise<T>): Promise<T> {
  const browser: Browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(30 * 60_000);
    reportErrors(page);
    await page.goto(site.address);
    await page.waitForFunction("globalThis.bench !== undefined");
    return await work(page);
  } finally {
    await browser.close();
  }
}

async function write(name: string, columns: Row, rows: readonly Row[]): Promise<void> {
  const recorded = new Date().toISOString().slice(0, 10);
  const table = { source: "bench", command: "npm run bench:web", recorded, columns, rows };
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(table, undefined, 2)}\n`);
  console.log(name, rows);
}

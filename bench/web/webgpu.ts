/**
 * `npx tsx bench/web/webgpu.ts [folder]`: WebGPU in Chromium, by the software adapter SwiftShader,
 * against WebAssembly: the probe that chooses the device, a whole colorization by the bundled
 * model, three training steps of tiny-32, and a training that was stopped and went on. It writes
 * web-gpu.json for docs/results/data. It shows that the numbers agree, and nothing about speed; it
 * takes minutes.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { resize } from "../../src/image/resize.ts";
import { configFile, weightsFile } from "../../src/models/model.ts";
import { readImage } from "../../src/node/decode-image.ts";
import { findModel } from "../../src/node/model-folder.ts";
import { bytesOf } from "../../test/runtime/cases.ts";
import { launchChromium, reportErrors, serveSite } from "../../test/support/chromium.ts";
import { largest, largestDifference } from "../../test/support/differentiation.ts";
import type { DeviceSteps } from "./webgpu-page/steps.ts";
import type { TrainedHere } from "./webgpu-page/training.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const [folder = here("../../docs/results/data")] = process.argv.slice(2);
/** Network calls of the colorization, and the side of its photo. */
const [calls, side] = [3, 64];
/** More than rounding. */
const mostApart = 1e-3;

const temporary = await mkdtemp(join(tmpdir(), "palette-webgpu-"));
const model = await findModel();
const photo = resize(await readImage(here("../../samples/beach.jpg")), side, side);
const site = await serveSite(here("./webgpu-page"), temporary, {
  [`/model/${configFile}`]: { file: join(model, configFile) },
  [`/model/${weightsFile}`]: { file: join(model, weightsFile) },
  "/photo.json": { text: JSON.stringify({ width: side, height: side, data: [...photo.data] }) },
  "/favicon.ico": { text: "" },
});
const browser = await launchChromium({ gpu: true });
const rows: string[][] = [];
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  reportErrors(page);
  await page.goto(site.address);
  await page.waitForFunction("globalThis.bench !== undefined");
  await probe(page);
  await trainingSteps(page);
  await training(page);
  await colorization(page);
} finally {
  await browser.close();
  await site.close();
  await rm(temporary, { recursive: true, force: true });
}
await mkdir(folder, { recursive: true });
const table = {
  ...{ source: "bench", command: "npx tsx bench/web/webgpu.ts" },
  recorded: new Date().toISOString().slice(0, 10),
  columns: ["WebGPU by SwiftShader, against WebAssembly", "largest difference"],
  rows,
};
await writeFile(join(folder, "web-gpu.json"), `${JSON.stringify(table, undefined, 2)}\n`);

async function probe(page: Page): Promise<void> {
  agree("answers of the probe, of the largest value", await call(page, "differenceFromCpu"));
}

async function trainingSteps(page: Page): Promise<void> {
  const [wasm, gpu] = await onBoth<DeviceSteps>(page, "trainingSteps", 3);
  const steps = "three training steps of tiny-32";
  agree(`${steps}: losses`, apart(wasm.losses, gpu.losses));
  agree(`${steps}: norms of the gradients`, apart(wasm.gradientNorms, gpu.gradientNorms));
  agree(`${steps}: the first gradient, of the largest value`, apart(wasm.moment, gpu.moment));
}

async function training(page: Page): Promise<void> {
  const [wasm, gpu] = await onBoth<TrainedHere>(page, "training", "whole", 12);
  const run = "a training in the page, six updates of a network of 16x16";
  agree(`${run}: losses`, apart(wasm.losses, gpu.losses));
  await call(page, "training", "webgpu", "parts-webgpu", 6);
  const resumed = await call<TrainedHere>(page, "training", "webgpu", "parts-webgpu", 12);
  agree(
    "the same, stopped after three and continued, against unbroken: weights",
    apart(gpu.weights, resumed.weights),
  );
}

async function colorization(page: Page): Promise<void> {
  const [wasm, gpu] = await onBoth<number[]>(page, "colorize", calls);
  const [a, b] = [wasm, gpu].map((values) => bytesOf(Float32Array.from(values)));
  const what = `a photo of ${side}x${side} colorized by photos-64 in ${calls} calls`;
  agree(`${what}, of the largest value`, apart(wasm, gpu));
  const bytes = largestDifference(a!, b!);
  record(`${what}, in 8 bits`, `${bytes} of 255`, bytes <= 1);
}

/** The same call for WebAssembly and for WebGPU; a run's name gets the device's. */
async function onBoth<T>(page: Page, name: string, ...more: (string | number)[]): Promise<[T, T]> {
  const results: T[] = [];
  for (const device of ["cpu", "webgpu"]) {
    const named = more.map((value) => (typeof value === "string" ? `${value}-${device}` : value));
    const start = performance.now();
    results.push(await call<T>(page, name, device, ...named));
    console.log(`${name} on ${device}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
  return results as [T, T];
}

function call<T>(page: Page, name: string, ...values: (string | number)[]): Promise<T> {
  return page.evaluate(`bench.${name}(${values.map((value) => JSON.stringify(value)).join()})`);
}

/** The largest difference as a share of the largest value. */
function apart(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || a.length === 0) return Number.POSITIVE_INFINITY;
  return largestDifference(a, b) / largest(a);
}

function agree(what: string, difference: number): void {
  record(what, difference === 0 ? "none" : difference.toExponential(1), difference <= mostApart);
}

function record(what: string, difference: string, agrees: boolean): void {
  rows.push([what, difference]);
  console.log(what, difference);
  if (!agrees) process.exitCode = 1;
}

/**
 * `npx tsx bench/web/training-steps.ts`: three training steps in Chromium on WebGPU, by the software
 * adapter SwiftShader, against WebAssembly. It shows that they agree, and nothing about speed;
 * it takes minutes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchChromium, reportErrors, serveSite } from "../../test/support/chromium.ts";
import { largest, largestDifference } from "../../test/support/differentiation.ts";
import type { DeviceSteps } from "./training-page/main.ts";

const count = 3;
const minutes = 60_000;
const folder = await mkdtemp(join(tmpdir(), "palette-steps-"));
const site = await serveSite(fileURLToPath(new URL("./training-page", import.meta.url)), folder);
const browser = await launchChromium({ gpu: true });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(30 * minutes);
  reportErrors(page);
  await page.goto(site.address);
  await page.waitForFunction("globalThis.trainingSteps !== undefined");
  const run = (device: string): Promise<DeviceSteps> =>
    page.evaluate(`trainingSteps("${device}", ${count})`);
  const wasm = await run("cpu");
  const gpu = await run("webgpu");
  const apart = (name: "losses" | "gradientNorms" | "moment") => {
    const [a, b] = [Float32Array.from(wasm[name]), Float32Array.from(gpu[name])];
    return largestDifference(a, b) / largest(a);
  };
  const differences = {
    losses: apart("losses"),
    gradientNorms: apart("gradientNorms"),
    gradient: apart("moment"),
  };
  const seconds = { wasm: wasm.secondsAStep, webgpu: gpu.secondsAStep };
  console.log(JSON.stringify({ steps: count, losses: wasm.losses, differences, seconds }, null, 2));
  if (Object.values(differences).some((value) => !(value < 1e-3))) process.exitCode = 1;
} finally {
  await browser.close();
  await site.close();
  await rm(folder, { recursive: true, force: true });
}

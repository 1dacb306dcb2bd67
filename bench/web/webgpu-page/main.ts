/** The page of `bench/web/webgpu.ts`. */
import { differenceFromCpu, type WebDevice } from "../../../src/runtime/web/choose-device.ts";
import { loadModel, Palette } from "../../../src/web.ts";
import { imageOf } from "../../../test/runtime/cases.ts";
import { trainingSteps } from "./steps.ts";
import { training } from "./training.ts";

/** The bytes of a photo of the server, colorized by the bundled model. */
async function colorize(device: WebDevice, steps: number): Promise<number[]> {
  const { width, height, data } = await (await fetch("/photo.json")).json();
  const palette = await Palette.load(await loadModel("/model"), { device, threads: 1 });
  const photo = imageOf(Float32Array.from(data), width, height);
  const [image] = await palette.colorize(photo, { steps, seed: 1 });
  await palette.dispose();
  return Array.from(image?.data ?? []);
}

Object.assign(globalThis, { bench: { differenceFromCpu, colorize, trainingSteps, training } });

/** The page of `bench/web/main.ts`. */
import type { Device } from "../../../src/runtime/runtime.ts";
import { differenceFromCpu } from "../../../src/runtime/web/choose-device.ts";
import { loadModel, type Model, Palette, webRuntime } from "../../../src/web.ts";
import { imageOf } from "../../../test/runtime/cases.ts";
import { callBench, trainingBench, type Work } from "../work.ts";

let work: Work | undefined;
let model: Model | undefined;

const theModel = async () => {
  model ??= await loadModel("/model");
  return model;
};

const bench = {
  /** Compiles, and runs once. */
  async begin(what: "call" | "training") {
    await work?.dispose();
    work = await (what === "call"
      ? callBench(webRuntime, await theModel())
      : trainingBench(webRuntime));
    await work.run();
  },
  async run(times: number) {
    for (let k = 0; k < times; k++) await work?.run();
  },
  /** The bytes of a photo of the server, colorized. */
  async colorize(device: Device, steps: number) {
    const { width, height, data } = await (await fetch("/photo.json")).json();
    const palette = await Palette.load(await theModel(), { device, threads: 1 });
    const photo = imageOf(Float32Array.from(data), width, height);
    const [image] = await palette.colorize(photo, { steps, seed: 1 });
    await palette.dispose();
    return Array.from(image?.data ?? []);
  },
  differenceFromCpu,
};

Object.assign(globalThis, { bench });

/** The page of `bench/web/main.ts`. */
import { loadModel, type Model, webRuntime } from "../../../src/web.ts";
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
};

Object.assign(globalThis, { bench });

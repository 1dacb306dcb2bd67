/** The page of the runtime suite: the test calls these functions and compares what comes back. */
import { loadModel, webRuntime } from "../../../src/web.ts";
import { imageOf, runCases } from "../cases.ts";
import { models } from "./models.ts";

/** The results of `runCases`, as lists of numbers. */
async function run(): Promise<Record<string, number[]>> {
  const photo = await (await fetch("/photo.json")).json();
  const image = imageOf(Float32Array.from(photo.data), photo.width, photo.height);
  const results = await runCases(webRuntime, await loadModel("/model"), image);
  return Object.fromEntries(
    Object.entries(results).map(([name, values]) => [name, Array.from(values as Float32Array)]),
  );
}

Object.assign(globalThis, { runtimeSuite: { run, ...models } });

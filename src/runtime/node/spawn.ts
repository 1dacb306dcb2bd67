/**
 * Starts a worker thread from a module of this package. From the sources (a clone, tests) the
 * module is TypeScript, which a worker on Node 20 only loads after registering tsx by itself.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** `module` is named by its source; in the built package it is the JavaScript file beside. */
export function spawnWorker(module: URL, options: WorkerOptions = {}): Worker {
  const built = import.meta.url.endsWith(".js");
  if (built) return new Worker(new URL(module.href.replace(/\.ts$/, ".js")), options);
  const manifest = createRequire(import.meta.url).resolve("tsx/package.json");
  const tsx = new URL("./dist/esm/api/index.mjs", pathToFileURL(manifest));
  const start = `
    import(${JSON.stringify(tsx.href)})
      .then(({ register }) => { register(); return import(${JSON.stringify(module.href)}); });`;
  return new Worker(start, { ...options, eval: true });
}

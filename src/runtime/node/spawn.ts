/**
 * Starts a worker thread or a process from a module of this package. From the sources (a clone,
 * tests) the module is TypeScript, which Node 20 only loads after registering tsx.
 */
import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

const built = import.meta.url.endsWith(".js");

/** `module` is named by its source; in the built package it is the JavaScript file beside. */
export function spawnWorker(module: URL, options: WorkerOptions = {}): Worker {
  if (built) return new Worker(inPackage(module), options);
  const start = `
    import(${JSON.stringify(tsx("dist/esm/api/index.mjs").href)})
      .then(({ register }) => { register(); return import(${JSON.stringify(module.href)}); });`;
  return new Worker(start, { ...options, eval: true });
}

/** A process with a channel of messages, as by `fork`; `module` as for `spawnWorker`. */
export function spawnProcess(module: URL, options: ForkOptions = {}): ChildProcess {
  const execArgv = built ? [] : ["--import", tsx("dist/loader.mjs").href];
  return fork(fileURLToPath(inPackage(module)), { ...options, execArgv });
}

function inPackage(module: URL): URL {
  return built ? new URL(module.href.replace(/\.ts$/, ".js")) : module;
}

function tsx(file: string): URL {
  const manifest = createRequire(import.meta.url).resolve("tsx/package.json");
  return new URL(file, pathToFileURL(manifest));
}

/** In tests in place of `runtime/node/spawn.ts`: threads and processes of compiled modules. */
import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { compiledModule } from "./compiled.ts";

export function spawnWorker(module: URL, options: WorkerOptions = {}): Worker {
  return new Worker(compiledModule(module) ?? module, options);
}

/** Modules of the tests themselves are run from their source. */
export function spawnProcess(module: URL, options: ForkOptions = {}): ChildProcess {
  const compiled = compiledModule(module);
  const execArgv = compiled ? [] : ["--import", "tsx"];
  return fork(fileURLToPath(compiled ?? module), { ...options, execArgv });
}

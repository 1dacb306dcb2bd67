/**
 * An engine: a compiled graph in a worker thread, so that progress, servers and Ctrl-C stay alive
 * while it computes.
 */

import type { Engine, EngineTensors, SessionOptions } from "../runtime.ts";
import { WorkerClient } from "./worker-client.ts";

/**
 * Compiles an ONNX model in a worker thread; throws a `PaletteError` if the device refuses it.
 * @param constants inputs that are the same in every run. They move to the thread: each needs a
 * buffer of its own, which nobody here can use afterwards
 */
export async function createEngine(
  model: Uint8Array,
  options: SessionOptions = {},
  constants: EngineTensors = {},
): Promise<Engine> {
  const client = new WorkerClient<EngineTensors, EngineTensors>(
    new URL("./session-worker.ts", import.meta.url),
    { model, options, constants },
    Object.values(constants).map(({ data }) => data.buffer as ArrayBuffer),
  );
  await client.ready();
  return {
    run: (feeds) => client.call(feeds),
    dispose: () => client.end(),
  };
}

/** An engine of a page: a compiled graph in a Web Worker, so that the page stays responsive. */
import type { Engine, EngineTensors, SessionOptions } from "../runtime.ts";
import { WorkerClient } from "./worker-client.ts";

/** The first request compiles the graph; the others run it. */
export type EngineRequest =
  | {
      readonly start: {
        readonly model: Uint8Array;
        readonly options: SessionOptions;
        readonly constants: EngineTensors;
      };
    }
  | { readonly feeds: EngineTensors };

/** See `Runtime.compile`. */
export async function createEngine(
  model: Uint8Array,
  options: SessionOptions = {},
  constants: EngineTensors = {},
): Promise<Engine> {
  const client = new WorkerClient<EngineRequest, EngineTensors>(
    new Worker(new URL("./session-worker.js", import.meta.url), { type: "module" }),
    "the engine",
    "load the model again",
  );
  const buffers = Object.values(constants).map(({ data }) => data.buffer as ArrayBuffer);
  try {
    await client.ask({ start: { model, options, constants } }, buffers);
  } catch (error) {
    client.end();
    throw error;
  }
  return {
    run: (feeds) => client.ask({ feeds }),
    dispose: async () => client.end(),
  };
}

/** The thread of an engine: one session, one run after the other. */
import { parentPort, workerData } from "node:worker_threads";
import type { EngineTensors, SessionOptions } from "../runtime.ts";
import { openSession } from "./session.ts";
import { serve } from "./worker-client.ts";

interface Start {
  readonly model: Uint8Array;
  readonly options: SessionOptions;
  readonly constants: EngineTensors;
}

await serve<EngineTensors, EngineTensors>(
  parentPort,
  async () => {
    const { model, options, constants } = workerData as Start;
    const session = await openSession(model, options, constants);
    return (feeds) => session.run(feeds);
  },
  (outputs) => Object.values(outputs).map(({ data }) => data.buffer as ArrayBuffer),
);

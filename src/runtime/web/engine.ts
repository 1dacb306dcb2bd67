/** An engine of a page: a compiled graph in a Web Worker, so that the page stays responsive. */
import { PaletteError } from "../../util/errors.ts";
import type { Engine, EngineTensors, SessionOptions } from "../runtime.ts";
import type { Reply, Request } from "./messages.ts";

interface Waiting {
  resolve(outputs: EngineTensors): void;
  reject(error: Error): void;
}

/** See `Runtime.compile`. */
export async function createEngine(
  model: Uint8Array,
  options: SessionOptions = {},
  constants: EngineTensors = {},
): Promise<Engine> {
  const worker = new Worker(new URL("./session-worker.js", import.meta.url), { type: "module" });
  const waiting = new Map<number, Waiting>();
  let requests = 0;
  let ended = false;

  const fail = (error: Error) => {
    ended = true;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.addEventListener("message", ({ data: reply }: MessageEvent<Reply>) => {
    const request = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ("outputs" in reply) request?.resolve(reply.outputs);
    else {
      request?.reject(reply.expected ? new PaletteError(reply.failure) : new Error(reply.failure));
    }
  });
  worker.addEventListener("error", ({ message }) => {
    // A script that cannot be loaded has no message.
    const reason = message ?? "its script could not be loaded";
    fail(new PaletteError(`the engine's worker has failed (${reason}); load the model again`));
  });

  function send(request: Request, transfer: ArrayBuffer[] = []): Promise<EngineTensors> {
    worker.postMessage(request, transfer);
    return new Promise((resolve, reject) => waiting.set(request.id, { resolve, reject }));
  }

  async function dispose(): Promise<void> {
    fail(new PaletteError("the engine was disposed of before it had finished"));
    worker.terminate();
  }

  const buffers = Object.values(constants).map(({ data }) => data.buffer as ArrayBuffer);
  try {
    await send({ id: 0, start: { model, options, constants } }, buffers);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    async run(feeds) {
      if (ended) throw new PaletteError("the engine was disposed of; load the model again");
      requests += 1;
      return send({ id: requests, feeds });
    },
    dispose,
  };
}

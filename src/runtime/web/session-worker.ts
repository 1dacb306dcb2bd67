/** The Web Worker of an engine: one session, one run after the other. */
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { giveBack } from "../../util/give-back.ts";
import type { EngineTensors } from "../runtime.ts";
import type { Reply, Request } from "./messages.ts";
import { openSession, type Session } from "./session.ts";

let session: Session | undefined;
let queue = Promise.resolve();

self.addEventListener("message", ({ data: request }: MessageEvent<Request>) => {
  queue = queue.then(() => answer(request));
});

async function answer(request: Request): Promise<void> {
  const { id } = request;
  try {
    const outputs = await carryOut(request);
    const transfer = Object.values(outputs).map(({ data }) => data.buffer as ArrayBuffer);
    reply({ id, outputs }, transfer);
  } catch (error) {
    reply({ id, failure: reasonOf(error), expected: error instanceof PaletteError });
  }
}

async function carryOut(request: Request): Promise<EngineTensors> {
  if ("feeds" in request) return session!.run(request.feeds);
  const { model, options, constants } = request.start;
  session = await openSession(model, options, constants);
  // The engine has its own copy.
  giveBack(model);
  return {};
}

function reply(message: Reply, transfer: ArrayBuffer[] = []): void {
  self.postMessage(message, { transfer });
}

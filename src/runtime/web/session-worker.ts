/** The Web Worker of an engine: one session, one run after the other. */
import { giveBack } from "../../util/give-back.ts";
import type { EngineRequest } from "./engine.ts";
import { openSession, type Session } from "./session.ts";
import { serveRequests } from "./worker-server.ts";

let session: Session | undefined;

serveRequests<EngineRequest>(async (request) => {
  if ("feeds" in request) {
    const result = await session!.run(request.feeds);
    return {
      result,
      transfer: Object.values(result).map(({ data }) => data.buffer as ArrayBuffer),
    };
  }
  const { model, options, constants } = request.start;
  session = await openSession(model, options, constants);
  // The engine has its own copy.
  giveBack(model);
  return { result: undefined };
});

/** The process in which a device is tried: a driver that crashes ends it alone. */
import { reasonOf } from "../../util/errors.ts";
import { listAdapters } from "./adapters.ts";
import { type ProbeMessage, type ProbeRequest, probe } from "./probe.ts";

const tell = (message: ProbeMessage) =>
  new Promise<void>((resolve) => process.send?.(message, undefined, {}, () => resolve()));

process.once("message", async (request: ProbeRequest) => {
  try {
    if (request.device === "webgpu") await tell({ adapters: listAdapters() });
    await tell({ result: await probe(request, (stage) => void tell({ stage })) });
  } catch (error) {
    await tell({ failure: reasonOf(error) });
  }
  process.exit();
});

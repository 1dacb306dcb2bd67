/** The side of a page's Web Worker, which answers. */
import { failedReply, type WorkerReply, type WorkerRequest } from "../waiting-requests.ts";

/** A result and those of its buffers that move to whoever asked. */
export interface Answer {
  readonly result: unknown;
  readonly transfer?: ArrayBuffer[];
}

/** In a Web Worker: answers the requests of a `WorkerClient`, one after the other. */
export function serveRequests<Request>(answer: (request: Request) => Promise<Answer>): void {
  let queue = Promise.resolve();

  async function reply({ id, request }: WorkerRequest<Request>): Promise<void> {
    try {
      const { result, transfer = [] } = await answer(request);
      post({ id, result }, transfer);
    } catch (thrown) {
      post(failedReply(id, thrown));
    }
  }

  self.addEventListener("message", ({ data }: MessageEvent<WorkerRequest<Request>>) => {
    queue = queue.then(() => reply(data));
  });
}

function post(reply: WorkerReply<unknown>, transfer: ArrayBuffer[] = []): void {
  self.postMessage(reply, { transfer });
}

/** A job's events as a response that ends with the job. */
import type { LoggedEvent } from "./event-log.ts";
import type { Job } from "./job.ts";

export interface EventStreamOptions {
  /** Events up to this number were seen. */
  readonly after: number;
  /** Milliseconds between comments while nothing happens. */
  readonly heartbeat: number;
}

export function eventStream(job: Job, { after, heartbeat }: EventStreamOptions): Response {
  const encoder = new TextEncoder();
  const left = new AbortController();
  let last = after;
  job.listeners += 1;
  const leave = () => {
    if (left.signal.aborted) return;
    left.abort();
    job.listeners -= 1;
    job.lastSeen = Date.now();
  };
  const body = new ReadableStream<Uint8Array>({
    // Asked for when the listener has taken what there was: a slow one holds no memory.
    async pull(controller) {
      while (!left.signal.aborted) {
        const events = job.events.after(last);
        if (events.length > 0) {
          last = events.at(-1)?.id ?? last;
          controller.enqueue(encoder.encode(events.map(textOf).join("")));
          return;
        }
        if (job.isOver) {
          leave();
          controller.close();
          return;
        }
        if (await job.events.next(left.signal, heartbeat)) continue;
        if (left.signal.aborted) return;
        // A comment shows both sides that the line is open.
        controller.enqueue(encoder.encode(":\n\n"));
        return;
      }
    },
    cancel: leave,
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "x-accel-buffering": "no" },
  });
}

function textOf({ id, event, data }: LoggedEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`;
}

/** Request and reply with a worker thread of this package. */
import { setTimeout as sleep } from "node:timers/promises";
import { type MessagePort, type Transferable, type Worker, workerData } from "node:worker_threads";
import { PaletteError } from "../../util/errors.ts";
import {
  failedReply,
  WaitingRequests,
  type WorkerReply,
  type WorkerRequest,
} from "../waiting-requests.ts";
import { deviceLock } from "./device-lock.ts";
import { busyGate, closeBlocking, enter, forceClosed, type Gate, leave, tryClose } from "./gate.ts";
import { spawnWorker } from "./spawn.ts";

/** Gates of the workers that live. A process that exits waits for what they are computing. */
const openGates = new Set<Gate>();
const LONGEST_WAIT_AT_EXIT = 30_000;
process.on("exit", () => {
  for (const gate of openGates) closeBlocking(gate, LONGEST_WAIT_AT_EXIT);
});

/** The side that asks. A worker nobody waits for does not keep the program alive. */
export class WorkerClient<Q, R> {
  private ended = false;
  private readonly worker: Worker;
  private readonly gate = busyGate();
  private readonly waiting = new WaitingRequests<R | undefined>();
  private requests = 0;
  private readonly started: Promise<R | undefined>;

  /**
   * @param module the worker's module, named by its source (.ts) next to the caller's
   * @param transfer buffers in `start` that move to the worker
   */
  constructor(module: URL, start: object, transfer: ArrayBuffer[] = []) {
    const workerData = { ...start, gate: this.gate, deviceLock };
    this.worker = spawnWorker(module, { workerData, transferList: transfer });
    openGates.add(this.gate);
    this.started = this.expect(0);
    this.worker.on("message", (reply: WorkerReply<R>) => this.settle(reply));
    this.worker.on("error", (error) => this.fail(error));
    this.worker.on("exit", () => {
      forceClosed(this.gate);
      openGates.delete(this.gate);
      this.fail(new PaletteError("the engine's thread has ended; load the model again"));
    });
  }

  /** Resolves when the worker serves requests; ends it and throws what kept it from starting. */
  async ready(): Promise<void> {
    try {
      await this.started;
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** Requests are carried out one after the other. Throws a `PaletteError` once it was ended. */
  async call(request: Q, transfer: Transferable[] = []): Promise<R> {
    if (this.ended) throw new PaletteError("the engine was disposed of; load the model again");
    this.requests += 1;
    this.worker.postMessage({ id: this.requests, request } satisfies WorkerRequest<Q>, transfer);
    return (await this.expect(this.requests)) as R;
  }

  /** Ends the thread after the request it is carrying out. Requests without an answer fail. */
  async end(): Promise<void> {
    this.fail(new PaletteError("the engine was disposed of before it had finished"));
    while (!tryClose(this.gate)) await sleep(5);
    await this.worker.terminate();
  }

  private expect(id: number): Promise<R | undefined> {
    this.worker.ref();
    return this.waiting.expect(id);
  }

  private settle(reply: WorkerReply<R>): void {
    this.waiting.settle(reply);
    if (this.waiting.none) this.worker.unref();
  }

  private fail(error: Error): void {
    this.ended = true;
    this.waiting.fail(error);
  }
}

/**
 * The side that answers, called once by a worker's module: `start` prepares it, and what it returns
 * carries out the requests one after the other.
 */
export async function serve<Q, R>(
  port: MessagePort | null,
  start: () => Promise<(request: Q) => Promise<R>>,
  transferables: (result: R) => Transferable[] = () => [],
): Promise<void> {
  if (port === null) throw new Error("this module runs in a worker thread only");
  const { gate } = workerData as { readonly gate: Gate };
  const answer = async (id: number, work: () => Promise<unknown>) => {
    try {
      const result = await work();
      port.postMessage({ id, result }, id === 0 ? [] : transferables(result as R));
    } catch (error) {
      port.postMessage(failedReply(id, error));
    }
    leave(gate);
  };
  let handle: (request: Q) => Promise<R> = () => Promise.reject(new Error("not started"));
  let queue = answer(0, async () => {
    handle = await start();
  });
  port.on("message", ({ id, request }: WorkerRequest<Q>) => {
    queue = queue.then(() => (enter(gate) ? answer(id, () => handle(request)) : undefined));
  });
  await queue;
}

/** Request and reply with a worker thread of this package. */
import type { MessagePort, Transferable, Worker } from "node:worker_threads";
import { PaletteError, reasonOf } from "../errors.ts";
import { spawnWorker } from "./spawn.ts";

interface Request<Q> {
  readonly id: number;
  readonly request: Q;
}

type Reply<R> =
  | { readonly id: number; readonly result: R }
  | { readonly id: number; readonly failure: string; readonly expected: boolean };

interface Waiting<R> {
  resolve(result: R): void;
  reject(error: Error): void;
}

/** The side that asks. A worker nobody waits for does not keep the program alive. */
export class WorkerClient<Q, R> {
  ended = false;
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting<R | undefined>>();
  private requests = 0;
  private readonly started: Promise<R | undefined>;

  /** `module` is the worker's module, named by its source (.ts) next to the caller's. */
  constructor(module: URL, workerData: unknown) {
    this.worker = spawnWorker(module, { workerData });
    this.started = this.expect(0);
    this.worker.on("message", (reply: Reply<R>) => this.settle(reply));
    this.worker.on("error", (error) => this.fail(error));
    this.worker.on("exit", () => this.fail(new PaletteError("the engine's thread has ended")));
  }

  /** Resolves when the worker serves requests; rejects with what kept it from starting. */
  async ready(): Promise<void> {
    await this.started;
  }

  async call(request: Q, transfer: Transferable[] = []): Promise<R> {
    this.requests += 1;
    const reply = this.expect(this.requests);
    this.worker.postMessage({ id: this.requests, request } satisfies Request<Q>, transfer);
    return (await reply) as R;
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.worker.terminate();
  }

  private expect(id: number): Promise<R | undefined> {
    this.worker.ref();
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  private settle(reply: Reply<R>): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (this.waiting.size === 0) this.worker.unref();
    if ("result" in reply) waiting?.resolve(reply.result);
    else
      waiting?.reject(reply.expected ? new PaletteError(reply.failure) : new Error(reply.failure));
  }

  private fail(error: Error): void {
    this.ended = true;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
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
  const answer = async (id: number, work: () => Promise<unknown>) => {
    try {
      const result = await work();
      port.postMessage({ id, result }, id === 0 ? [] : transferables(result as R));
    } catch (error) {
      const expected = error instanceof PaletteError;
      port.postMessage({ id, failure: reasonOf(error), expected });
    }
  };
  let handle: (request: Q) => Promise<R> = () => Promise.reject(new Error("not started"));
  let queue = answer(0, async () => {
    handle = await start();
  });
  port.on("message", ({ id, request }: Request<Q>) => {
    queue = queue.then(() => answer(id, () => handle(request)));
  });
  await queue;
}

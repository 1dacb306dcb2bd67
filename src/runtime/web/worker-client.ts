/** What a page asks of a Web Worker of ours, one promise a question. */
import { PaletteError } from "../../util/errors.ts";

export interface WorkerRequest<R> {
  readonly id: number;
  readonly request: R;
}

export type WorkerReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: string; readonly expected: boolean };

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The other side is `serveRequests`. */
export class WorkerClient<Request, Result> {
  private readonly waiting = new Map<number, Waiting>();
  private requests = 0;
  private ended = false;

  private readonly worker: Worker;
  private readonly what: string;
  private readonly remedy: string;

  /**
   * @param what the worker is, as errors name it
   * @param remedy what the user can do when it has ended
   */
  constructor(worker: Worker, what: string, remedy: string) {
    this.worker = worker;
    this.what = what;
    this.remedy = remedy;
    worker.addEventListener("message", ({ data }: MessageEvent<WorkerReply>) =>
      this.answered(data),
    );
    worker.addEventListener("error", ({ message }) => {
      // A script that cannot be loaded has no message.
      const reason = message ?? "its script could not be loaded";
      this.end(`${what}'s worker has failed (${reason}); ${remedy}`);
    });
  }

  /** @throws PaletteError when the worker has ended or ends meanwhile */
  async ask(request: Request, transfer: ArrayBuffer[] = []): Promise<Result> {
    if (this.ended) throw new PaletteError(`${this.what} was disposed of; ${this.remedy}`);
    this.requests += 1;
    const message: WorkerRequest<Request> = { id: this.requests, request };
    this.worker.postMessage(message, transfer);
    const result = await new Promise((resolve, reject) => {
      this.waiting.set(message.id, { resolve, reject });
    });
    return result as Result;
  }

  /** Ends the worker; whatever was asked of it and is not answered fails with `reason`. */
  end(reason = `${this.what} was disposed of before it had finished`): void {
    this.ended = true;
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(new PaletteError(reason));
    this.waiting.clear();
  }

  private answered(reply: WorkerReply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ("result" in reply) waiting?.resolve(reply.result);
    else {
      waiting?.reject(reply.expected ? new PaletteError(reply.failure) : new Error(reply.failure));
    }
  }
}

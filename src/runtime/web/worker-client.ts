/** What a page asks of a Web Worker of ours, one promise a question. */
import { PaletteError } from "../../util/errors.ts";
import { WaitingRequests, type WorkerReply, type WorkerRequest } from "../waiting-requests.ts";

/** The other side is `serveRequests`. */
export class WorkerClient<Request, Result> {
  private readonly waiting = new WaitingRequests<Result>();
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
    worker.addEventListener("message", ({ data }: MessageEvent<WorkerReply<Result>>) =>
      this.waiting.settle(data),
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
    return this.waiting.expect(message.id);
  }

  /** Ends the worker; whatever was asked of it and is not answered fails with `reason`. */
  end(reason = `${this.what} was disposed of before it had finished`): void {
    this.ended = true;
    this.worker.terminate();
    this.waiting.fail(new PaletteError(reason));
  }
}

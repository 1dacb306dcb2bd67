/** What a worker of ours has been asked and has not answered yet, on any platform. */
import { PaletteError, reasonOf } from "../util/errors.ts";

export interface WorkerRequest<Q> {
  readonly id: number;
  readonly request: Q;
}

export type WorkerReply<R> =
  | { readonly id: number; readonly result: R }
  | { readonly id: number; readonly failure: string; readonly expected: boolean };

/** The reply of a worker that could not do it. */
export function failedReply(id: number, thrown: unknown): WorkerReply<never> {
  return { id, failure: reasonOf(thrown), expected: thrown instanceof PaletteError };
}

interface Waiting<R> {
  resolve(result: R): void;
  reject(error: Error): void;
}

/** One promise a request. */
export class WaitingRequests<R> {
  private readonly waiting = new Map<number, Waiting<R>>();

  get none(): boolean {
    return this.waiting.size === 0;
  }

  /** Settles with the reply to this request. */
  expect(id: number): Promise<R> {
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  settle(reply: WorkerReply<R>): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ("result" in reply) waiting?.resolve(reply.result);
    else {
      waiting?.reject(reply.expected ? new PaletteError(reply.failure) : new Error(reply.failure));
    }
  }

  /** No reply will come. */
  fail(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

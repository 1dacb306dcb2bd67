/** Replicas of a training step in Web Workers. */
import type { Replica, SpawnReplica } from "../../training/step/replica.ts";
import { PaletteError } from "../../util/errors.ts";

/** The first request starts the replica; the others are what it is asked. */
export interface ReplicaRequest {
  readonly id: number;
  readonly request: unknown;
}

export type ReplicaReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: string; readonly expected: boolean };

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export const spawnReplica: SpawnReplica = <Request, Reply>(
  strategy: string,
  start: object,
): Replica<Request, Reply> => {
  const worker = new Worker(new URL("./replica-worker.js", import.meta.url), { type: "module" });
  const waiting = new Map<number, Waiting>();
  let requests = 0;
  let ended = false;

  const fail = (error: Error) => {
    ended = true;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    worker.terminate();
  };
  worker.addEventListener("message", ({ data: reply }: MessageEvent<ReplicaReply>) => {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ("result" in reply) return asked?.resolve(reply.result);
    const { failure, expected } = reply;
    asked?.reject(expected ? new PaletteError(failure) : new Error(failure));
  });
  worker.addEventListener("error", ({ message }) => {
    fail(new PaletteError(`the replica's worker has failed (${message}); start again`));
  });

  const ask = (request: unknown, transfer: ArrayBuffer[] = []): Promise<unknown> => {
    if (ended) throw new PaletteError("the replica was disposed of; start again");
    requests += 1;
    const asked: ReplicaRequest = { id: requests, request };
    worker.postMessage(asked, transfer);
    return new Promise((resolve, reject) => waiting.set(asked.id, { resolve, reject }));
  };
  const started = ask({ strategy, start });
  started.catch(() => {});
  return {
    async ready() {
      await started.catch((thrown) => {
        fail(new PaletteError("the replica did not start"));
        throw thrown;
      });
    },
    call: async (request, transfer) => (await ask(request, transfer)) as Reply,
    async end() {
      fail(new PaletteError("the replica was disposed of before it had finished"));
    },
  };
};

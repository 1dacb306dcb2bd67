/** Replicas of a training step in Web Workers. */
import type { Replica, SpawnReplica } from "../../training/step/replica.ts";
import { WorkerClient } from "./worker-client.ts";

export const spawnReplica: SpawnReplica = <Request, Reply>(
  strategy: string,
  start: object,
): Replica<Request, Reply> => {
  const client = new WorkerClient<unknown, unknown>(
    new Worker(new URL("./replica-worker.js", import.meta.url), { type: "module" }),
    "the replica",
    "start again",
  );
  // The first request starts the replica; the others are what it is asked.
  const started = client.ask({ strategy, start });
  started.catch(() => {});
  return {
    async ready() {
      await started.catch((thrown) => {
        client.end("the replica did not start");
        throw thrown;
      });
    },
    call: async (request, transfer) => (await client.ask(request, transfer)) as Reply,
    end: async () => client.end(),
  };
};

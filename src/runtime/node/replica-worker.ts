/** The thread of a replica of a training step. */
import { parentPort, workerData } from "node:worker_threads";
import { openReplica, type ReplicaServer } from "../../training/step/replica.ts";
import type { StepStrategy } from "../../training/step/types.ts";
import { openResidentSession, openSession } from "./session.ts";
import { serve } from "./worker-client.ts";

let replica: ReplicaServer<never, unknown>;

await serve(
  parentPort,
  async () => {
    const { strategy, ...start } = workerData as { readonly strategy: StepStrategy["name"] };
    replica = await openReplica(strategy, start, openSession, openResidentSession);
    return (request) => replica.answer(request as never);
  },
  (reply) => replica.transferables(reply),
);

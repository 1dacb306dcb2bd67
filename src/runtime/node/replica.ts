/** Replicas of a training step in worker threads. */
import type { SpawnReplica } from "../../training/step/replica.ts";
import { WorkerClient } from "./worker-client.ts";

export const spawnReplica: SpawnReplica = (strategy, start) =>
  new WorkerClient(new URL("./replica-worker.ts", import.meta.url), { ...start, strategy });

/**
 * The seam between a step and the threads that carry it out. A replica is a compiled training graph
 * in a thread of its own. The platform spawns it (`SpawnReplica`) and, in the new thread, opens it
 * (`openReplica`).
 */
import type { OpenResidentSession, OpenSession } from "../../runtime/runtime.ts";
import { openDataParallelReplica } from "./data-parallel-replica.ts";
import { openDeviceResidentReplica } from "./device-resident-replica.ts";
import { openLowMemoryReplica } from "./low-memory-replica.ts";
import type { StepStrategy } from "./types.ts";

/** A replica seen from the thread that trains. */
export interface Replica<Request, Reply> {
  /** Resolves when the graph is compiled. @throws what kept it from that; the thread has ended. */
  ready(): Promise<void>;
  /**
   * Requests are carried out one after the other.
   * @param transfer buffers that move to the replica's thread
   * @throws PaletteError once it was ended.
   */
  call(request: Request, transfer?: ArrayBuffer[]): Promise<Reply>;
  /** Ends the thread after the request that it carries out. Requests without an answer fail. */
  end(): Promise<void>;
}

/** Starts a replica's thread; `start` is what `openReplica` is given there. */
export type SpawnReplica = <Request, Reply>(
  strategy: StepStrategy["name"],
  start: object,
) => Replica<Request, Reply>;

/** A replica in its own thread. */
export interface ReplicaServer<Request, Reply> {
  answer(request: Request): Promise<Reply>;
  /** The buffers of a reply that move back instead of being copied. */
  transferables(reply: Reply): ArrayBuffer[];
}

/** Compiles a replica's graph in this thread. */
export function openReplica(
  strategy: StepStrategy["name"],
  start: unknown,
  openSession: OpenSession,
  openResident: OpenResidentSession,
): Promise<ReplicaServer<never, unknown>> {
  const open = {
    "data-parallel": () => openDataParallelReplica(start as never, openSession),
    "low-memory": () => openLowMemoryReplica(start as never, openSession),
    "device-resident": () => openDeviceResidentReplica(start as never, openResident),
  };
  return open[strategy]() as Promise<ReplicaServer<never, unknown>>;
}

/**
 * A thread that is stopped inside ONNX Runtime takes the whole process down with it (the native
 * code throws where nobody can catch). So the worker passes a gate before it computes, and whoever
 * wants to stop it closes the gate first, after waiting for what is under way.
 */

/** One shared number: where the worker is. */
export type Gate = Int32Array;

const IDLE = 0;
const BUSY = 1;
const CLOSED = 2;

/** A gate whose worker counts as busy, as it does while it starts. */
export function busyGate(): Gate {
  return new Int32Array(new SharedArrayBuffer(4)).fill(BUSY);
}

/** The worker's side, before it computes; false: it must not begin. */
export function enter(gate: Gate): boolean {
  return Atomics.compareExchange(gate, 0, IDLE, BUSY) === IDLE;
}

/** The worker's side, when it has computed. */
export function leave(gate: Gate): void {
  Atomics.compareExchange(gate, 0, BUSY, IDLE);
  Atomics.notify(gate, 0);
}

/** Closes the gate if the worker is not computing; false: try again later. */
export function tryClose(gate: Gate): boolean {
  return Atomics.compareExchange(gate, 0, IDLE, CLOSED) !== BUSY;
}

/** Closes the gate of a worker that has ended. */
export function forceClosed(gate: Gate): void {
  Atomics.store(gate, 0, CLOSED);
}

/** Blocks this thread until the gate is closed or the time, in milliseconds, is over. */
export function closeBlocking(gate: Gate, limit: number): void {
  const end = performance.now() + limit;
  for (let rest = limit; rest > 0 && !tryClose(gate); rest = end - performance.now())
    Atomics.wait(gate, 0, BUSY, rest);
}

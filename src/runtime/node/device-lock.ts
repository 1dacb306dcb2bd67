/**
 * ONNX Runtime's WebGPU provider has one device a process and crashes when two threads use it at
 * once. So all threads of this package share a lock.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { workerData } from "node:worker_threads";
import type { Device } from "../runtime.ts";

/** One shared number: whether somebody uses the device. Workers get it with their data. */
export const deviceLock: Int32Array =
  (workerData as { readonly deviceLock?: Int32Array } | null)?.deviceLock ??
  new Int32Array(new SharedArrayBuffer(4));

/** Does the work while no other thread uses the device; on the processor at once. */
export async function exclusively<T>(device: Device, work: () => Promise<T>): Promise<T> {
  if (device === "cpu") return work();
  while (Atomics.compareExchange(deviceLock, 0, 0, 1) !== 0) await sleep(1);
  try {
    return await work();
  } finally {
    Atomics.store(deviceLock, 0, 0);
  }
}

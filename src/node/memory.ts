/** Whether something fits in memory, asked before it is begun. */
import { freemem, totalmem } from "node:os";
import { PaletteError } from "../util/errors.ts";
import { inGigabytes } from "../util/format.ts";

/** Tries what is estimated not to fit, when set to "off". */
const switchName = "PALETTE_MEMORY_CHECK";

/**
 * Bytes that this process can still take: what the machine has left, and what its container leaves
 * (the limit of the control group less what this process has).
 */
export function availableMemory(): number {
  // Elsewhere than on Linux, memory that only caches files does not count as free.
  const free = process.platform === "linux" ? freemem() : totalmem() - process.memoryUsage.rss();
  const limit = process.constrainedMemory();
  // No limit is told as 0 or as a number beyond all machines.
  const limited = limit > 0 && limit < totalmem();
  return limited ? Math.min(free, limit - process.memoryUsage.rss()) : free;
}

/**
 * @param need estimated bytes, beyond what the process has now
 * @param what the sentence's subject: "Sampling with NAME"
 * @param remedy what to do about it, if there is something special; a function is asked only then
 * @throws PaletteError with both numbers when it does not fit.
 */
export function assertFits(need: number, what: string, remedy?: string | (() => string)): void {
  const have = Math.max(0, availableMemory());
  if (need <= have || process.env[switchName] === "off") return;
  const special = typeof remedy === "function" ? remedy() : remedy;
  const advice = special ?? "free some, or give the container more";
  throw new PaletteError(
    `${what} needs about ${inGigabytes(need)} of memory, but ${inGigabytes(have)} can be had: ${advice} (${switchName}=off tries anyway).`,
  );
}

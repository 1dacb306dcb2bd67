/**
 * Processor time, which other work on the machine changes less than the clock on the wall. Linux.
 */
import { readdirSync, readFileSync } from "node:fs";

const millisecondsPerTick = 10;

/** Milliseconds that the pages of this process's browsers have computed. */
export function pagesCpuTime(): number {
  const pages = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isOurPage(name));
  return pages.reduce((sum, pid) => sum + cpuTime(pid), 0);
}

function isOurPage(pid: string): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer")) return false;
    for (let id = Number(pid); id > 1; id = Number(fields(id)[1])) {
      if (id === process.pid) return true;
    }
  } catch {
    // It has ended meanwhile.
  }
  return false;
}

function cpuTime(pid: string): number {
  const [user, system] = fields(pid).slice(11, 13).map(Number);
  return millisecondsPerTick * ((user ?? 0) + (system ?? 0));
}

/** What /proc says of a process behind its name: state, parent, ... */
function fields(pid: number | string): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

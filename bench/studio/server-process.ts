/** A studio in a process of its own, as `palette studio` starts it, and what it holds in memory. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ServerProcess {
  readonly url: string;
  /** Resident megabytes of the server, and of the processes that it started. */
  memory(): { readonly server: number; readonly engines: number };
  /** Ends it by SIGTERM; the exit code. */
  stop(): Promise<number | null>;
}

/** @param temporary its folder for temporary files; default: the machine's */
export async function serverProcess(
  args: readonly string[],
  temporary?: string,
): Promise<ServerProcess> {
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--import", "tsx", main, "studio", "--no-open", "--port", "0", ...args],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...(temporary !== undefined && { TMPDIR: temporary }) },
    },
  );
  const exited = once(child, "exit");
  const [url] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(([code]) => Promise.reject(new Error(`the studio ended with code ${code}`))),
  ]);
  return {
    url: String(url),
    memory() {
      const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,rss="], { encoding: "utf8" });
      const rows = table
        .trim()
        .split("\n")
        .map((line) => line.trim().split(/\s+/).map(Number));
      const of = (column: 0 | 1) =>
        rows
          .filter((row) => row[column] === child.pid)
          .reduce((sum, row) => sum + (row[2] ?? 0) / 1024, 0);
      return { server: Math.round(of(0)), engines: Math.round(of(1)) };
    },
    async stop() {
      child.kill("SIGTERM");
      const [code] = await exited;
      return code;
    },
  };
}

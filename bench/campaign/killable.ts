/** The program in a process of its own that is killed at a moment of one's choice. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { palette } from "./execute.ts";
import { filesBelow, isTemporary } from "./whole-files.ts";

/** How a process ended that was to be killed: it may have been faster. */
export interface Killed {
  /** Undefined when it was killed. */
  readonly code: number | undefined;
  readonly stderr: string;
}

/** Starts the command in `room` and sends SIGKILL when `moment` is over. */
export async function killedAfter(
  argv: readonly string[],
  room: string,
  moment: (ended: AbortSignal) => Promise<void>,
): Promise<Killed> {
  const [command = "", ...words] = [...palette, ...argv];
  const child = spawn(command, words, { cwd: room, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new AbortController();
  const closed = closing(child).finally(() => ended.abort());
  await Promise.race([moment(ended.signal), closed]);
  child.kill("SIGKILL");
  const { code, signal } = await closed;
  return { code: signal === "SIGKILL" ? undefined : (code ?? 1), stderr };
}

function closing(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}

/** Waits until a file is being written below the folder, and then so many milliseconds. */
export async function whileWriting(
  folder: string,
  milliseconds: number,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted && (await temporaryFiles(folder)) === 0) await setTimeout(2);
  if (!ended.aborted) await setTimeout(milliseconds);
}

/** How many files below the folder were being written. */
export async function temporaryFiles(folder: string): Promise<number> {
  const names = await filesBelow(folder);
  return names.filter((name) => isTemporary(name.split("/").at(-1) ?? "")).length;
}

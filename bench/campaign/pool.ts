/**
 * Workers in processes of their own: one that crashes or hangs is blamed, and another one started.
 */
import { type ChildProcess, fork } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CaseId } from "./cases.ts";
import type { Fault } from "./verdict.ts";
import type { Assignment, Outcome } from "./worker.ts";

const module = fileURLToPath(new URL("./worker.ts", import.meta.url));

export interface PoolOptions {
  readonly seed: number;
  readonly specimens: string;
  /** A folder for the workers' files. */
  readonly work: string;
  /** Where the files of cases with faults are kept, each in a folder of its name. */
  readonly failures: string;
  readonly workers: number;
  /** In seconds; a case that takes longer hangs. */
  readonly limit: number;
  onOutcome(outcome: Outcome): void;
}

/** A worker may take so many bytes: it has some 300 MB before its first case. */
const mostMemory = 2.5 * 2 ** 30;
/** Memory and threads of a worker begin anew after so many cases. */
const casesOfWorker = 150;
/** Every so many cases of a kind one is run as a program of its own. */
const processEvery = 50;

export async function runCases(cases: readonly CaseId[], options: PoolOptions): Promise<void> {
  const waiting = [...cases];
  const lanes = Array.from({ length: options.workers }, (_, lane) =>
    runLane(waiting, lane, options),
  );
  await Promise.all(lanes);
}

async function runLane(waiting: CaseId[], lane: number, options: PoolOptions): Promise<void> {
  const work = join(options.work, `worker-${lane}`);
  await mkdir(work, { recursive: true });
  let worker: ChildProcess | undefined;
  let done = 0;
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    if (worker === undefined || done % casesOfWorker === 0) {
      worker?.kill("SIGKILL");
      worker = fork(module, { stdio: ["ignore", "pipe", "pipe", "ipc"] });
    }
    done++;
    const outcome = await outcomeOf(worker, id, work, options);
    if (outcome.faults.length > 0) await keep(outcome, work, options);
    if (worker.exitCode !== null || worker.signalCode !== null || worker.killed) worker = undefined;
    options.onOutcome(outcome);
  }
  worker?.kill("SIGKILL");
}

async function outcomeOf(
  worker: ChildProcess,
  id: CaseId,
  work: string,
  { seed, specimens, limit }: PoolOptions,
): Promise<Outcome> {
  const start = performance.now();
  let native = "";
  const listen = (text: Buffer) => {
    native += text.toString();
  };
  worker.stderr?.on("data", listen);
  worker.stdout?.on("data", listen);
  const asProcess = id.number % processEvery === processEvery - 1;
  const assignment: Assignment = { seed, id, specimens, work, asProcess };
  const fault = async (kind: Fault["kind"], detail: string): Promise<Outcome> => {
    const text = await readFile(join(work, "case.json"), "utf8").catch(() => "{}");
    const { what = "", run = {} } = JSON.parse(text) as {
      what?: string;
      run?: { argv?: string[] };
    };
    const milliseconds = performance.now() - start;
    const ending = { code: null, stdout: "", stderr: native, milliseconds };
    return { id, what, argv: run.argv, ending, faults: [{ kind, detail }] };
  };
  let timer: NodeJS.Timeout | undefined;
  let watch: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Outcome>((resolve) => {
      timer = setTimeout(() => {
        worker.kill("SIGKILL");
        resolve(fault("hang", `nothing after ${limit} s`));
      }, 1000 * limit);
      watch = setInterval(async () => {
        const memory = await residentMemory(worker.pid);
        if (memory < mostMemory) return;
        worker.kill("SIGKILL");
        resolve(fault("memory", `${(memory / 2 ** 30).toFixed(1)} GiB`));
      }, 500);
      const onExit = (code: number | null, signal: string | null) =>
        resolve(fault("crash", `the process ended (${signal ?? code}): ${native.slice(-500)}`));
      worker.once("exit", onExit);
      worker.once("message", (message: Outcome) => {
        worker.off("exit", onExit);
        resolve(withNativeOutput(message, native));
      });
      worker.send(assignment);
    });
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    worker.stderr?.off("data", listen);
    worker.stdout?.off("data", listen);
  }
}

/** Bytes that a process has in memory, where the system says so. */
async function residentMemory(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "");
  return 4096 * Number(text.split(" ")[1] ?? 0);
}

/** What libraries write past the command's own lines is a line too many. */
function withNativeOutput(outcome: Outcome, native: string): Outcome {
  const text = native.trim();
  if (text === "") return outcome;
  const fault: Fault = {
    kind: "not one line",
    detail: `written past the command: ${text.slice(0, 300)}`,
  };
  return { ...outcome, faults: [...outcome.faults, fault] };
}

/** Keeps the files of a case with faults beside what is wrong with it and how to repeat it. */
async function keep(outcome: Outcome, work: string, options: PoolOptions): Promise<void> {
  const { kind, number } = outcome.id;
  const folder = join(options.failures, `${kind}-${number}`);
  await mkdir(folder, { recursive: true });
  const repeat = `npm run campaign -- --seed ${options.seed} --case ${kind}:${number}`;
  const said = JSON.stringify({ repeat, ...outcome }, undefined, 2);
  await writeFile(join(folder, "case.json"), `${said}\n`);
  await cp(join(work, "room"), join(folder, "room"), {
    recursive: true,
    force: true,
    filter: (path) => !/\.(safetensors|onnx)$/.test(path),
  }).catch(() => {
    // Pipes, sockets and endless links stay where they are: the seed makes them again.
  });
}

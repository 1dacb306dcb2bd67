/** `palette train` under mpirun, for tests and benches: started, looked at, killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { program } from "./compiled.ts";

/** Whether Open MPI's mpirun is on this machine. */
const hasMpirun = (process.env.PATH ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, "mpirun")));

/** Whether tests under mpirun are left out: never in CI, where it has to be. */
export const skipsMpirun = !hasMpirun && process.env.CI === undefined;

if (skipsMpirun) {
  console.warn("Tests under mpirun are skipped: install Open MPI (apt-get install openmpi-bin).");
}

/** Node's arguments that run a command of the package as it was compiled. */
export const palette = (...args: string[]) => [program, ...args];

/** What mpirun needs as root, in a container, and with more ranks than cores. */
export const mpiEnvironment = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
  OMPI_MCA_btl_vader_single_copy_mechanism: "none",
};

export interface Job {
  readonly child: ChildProcess;
  /** What was written so far, on both channels. */
  text(): string;
  /** The exit code, once mpirun has ended. */
  readonly ended: Promise<number | null>;
  /** The number of the process of a rank. */
  pid(rank: number): number;
}

/** Starts a command of palette on so many ranks. */
export function mpirun(ranks: number, args: readonly string[], options: string[] = []): Job {
  const mark = `job-${process.pid}-${Math.random()}`;
  const child = spawn(
    "mpirun",
    [...options, "-n", String(ranks), process.execPath, ...palette(...args)],
    { env: { ...mpiEnvironment, PALETTE_TEST_JOB: mark } },
  );
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (data: Buffer) => {
      text += data;
    });
  return {
    child,
    text: () => text,
    ended: new Promise((resolve) => child.on("close", resolve)),
    pid: (rank) => processOf(mark, rank),
  };
}

function processOf(mark: string, rank: number): number {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const variables = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
      if (!variables.includes(`PALETTE_TEST_JOB=${mark}`)) continue;
      if (variables.includes(`OMPI_COMM_WORLD_RANK=${rank}`)) return Number(name);
    } catch {
      // It has ended, or is another user's.
    }
  }
  throw new Error(`rank ${rank} has no process`);
}

/** Looks every 50 ms until something is there. */
export async function until(there: () => boolean, job: Job): Promise<void> {
  let ended = false;
  job.ended.then(() => {
    ended = true;
  });
  while (!there()) {
    if (ended) throw new Error(`mpirun has ended: ${job.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

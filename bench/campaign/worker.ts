/** A process that carries out cases, one at a time, until it is told to stop or is killed. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CaseId, makeCase } from "./cases.ts";
import { execute } from "./execute.ts";
import type { Ending, Fault } from "./verdict.ts";

export interface Assignment {
  readonly seed: number;
  readonly id: CaseId;
  /** The folder of specimens. */
  readonly specimens: string;
  /** A folder for this worker. */
  readonly work: string;
  readonly asProcess: boolean;
}

export interface Outcome {
  readonly id: CaseId;
  readonly what: string;
  /** The command line, where it is one. */
  readonly argv?: readonly string[];
  readonly ending: Ending;
  readonly faults: readonly Fault[];
}

process.on("message", async (assignment: Assignment) => {
  const { seed, id, specimens, work, asProcess } = assignment;
  const room = join(work, "room");
  await rm(room, { recursive: true, force: true });
  await mkdir(room, { recursive: true });
  const one = await makeCase(seed, id, { room, specimen: (name) => join(specimens, name) });
  // Should this process not come back, its case is known.
  await writeFile(join(work, "case.json"), JSON.stringify({ id, ...one }));
  const { ending, faults } = await execute(one, room, { asProcess });
  const argv = "argv" in one.run ? one.run.argv : undefined;
  process.send?.({ id, what: one.what, argv, ending, faults } satisfies Outcome);
});

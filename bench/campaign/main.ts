/**
 * Tries to break the program: damaged and odd files and command lines, kills, full and read-only
 * disks. Not part of the tests: it takes an hour.
 *
 *   npm run campaign -- [cases|trainings|writers|disks ...] [--count N] [--seed S] [--workers N]
 *     [--kinds photo,mask] [--case KIND:NUMBER] [--limit SECONDS] [--out DIR] [--record]
 *
 * The same command continues; what it found is kept by commit and seed. A case with a fault is kept
 * in failures/KIND-NUMBER with the line that repeats it. --record writes the tables of
 * docs/results.
 */
import { execFileSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type CaseId, casesOf } from "./cases.ts";
import { runDisks } from "./disks.ts";
import { runCases } from "./pool.ts";
import { writeSpecimens } from "./specimens.ts";
import { type CampaignTable, casesTable, type Result } from "./tables.ts";
import { runTrainingKills } from "./training-kills.ts";
import type { Outcome } from "./worker.ts";
import { runWriterKills } from "./writer-kills.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
    kinds: { type: "string", default: "" },
    case: { type: "string", multiple: true, default: [] },
    limit: { type: "string", default: "90" },
    out: { type: "string" },
    record: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);

/** Each part, the cases it has unless told otherwise, and its data file in docs/results/data. */
const parts = {
  cases: { count: 10_000, run: cases },
  trainings: { count: 100, run: runTrainingKills },
  writers: { count: 50, run: runWriterKills },
  disks: { count: 0, run: runDisks },
} as const;

export interface PartOptions {
  readonly seed: number;
  readonly count: number;
  readonly specimens: string;
  /** For what the part leaves: it is continued when it is there. */
  readonly out: string;
  /** For what is thrown away. */
  readonly work: string;
  /** In the table, how it was made. */
  readonly command: string;
  say(line: string): void;
}

const isPart = (name: string): name is keyof typeof parts => Object.hasOwn(parts, name);

function say(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

/** The commit, so that figures of different programs are never added up. */
function commit(): string {
  const git = (...words: string[]) => execFileSync("git", words, { encoding: "utf8" }).trim();
  const name = git("rev-parse", "--short", "HEAD");
  return git("status", "--porcelain", "src") === "" ? name : `${name}-changed-${Date.now()}`;
}

async function cases({ count, specimens, out, work, command }: PartOptions) {
  const file = join(out, "cases.jsonl");
  const again = values.case.length > 0;
  const text = again ? "" : await readFile(file, "utf8").catch(() => "");
  const results = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Result);
  const keyOf = ({ kind, number }: CaseId) => `${kind}:${number}`;
  const known = new Set(results.map(({ id }) => keyOf(id)));
  const named = values.case.map((name): CaseId => {
    const [kind = "", number] = name.split(":");
    return { kind, number: Number(number) };
  });
  const kinds = values.kinds.split(",").filter((name) => name !== "");
  const asked = again ? named : casesOf(count, kinds);
  const missing = asked.filter((id) => !known.has(keyOf(id)));
  const keys = new Set(asked.map(keyOf));
  let done = asked.length - missing.length;
  let faulty = results.filter(({ id, faults }) => keys.has(keyOf(id)) && faults.length > 0).length;
  let told = performance.now();
  const onOutcome = (outcome: Outcome) => {
    const { id, ending, faults, what } = outcome;
    results.push({ id, code: ending.code, faults });
    done++;
    if (faults.length > 0) {
      faulty++;
      for (const { kind, detail } of faults) say(`${keyOf(id)} ${kind}: ${detail} [${what}]`);
    } else if (named.length > 0)
      say(`${keyOf(id)} ${ending.code} ${ending.stderr.trim()} [${what}]`);
    if (performance.now() - told > 30_000) {
      told = performance.now();
      say(`${done} of ${asked.length} cases, ${faulty} with faults`);
    }
    if (!again) void appendFile(file, `${JSON.stringify({ id, code: ending.code, faults })}\n`);
  };
  const failures = join(out, "failures");
  const workers = Number(values.workers);
  const limit = Number(values.limit);
  await runCases(missing, { seed, specimens, work, failures, workers, limit, onOutcome });
  say(`${done} cases, ${faulty} with faults`);
  return casesTable(
    command,
    results.filter(({ id }) => keys.has(keyOf(id))),
  );
}

const unknown = positionals.find((name) => !isPart(name));
if (unknown !== undefined) throw new Error(`The parts are ${Object.keys(parts).join(", ")}.`);
const chosen =
  positionals.length > 0 ? positionals.filter(isPart) : Object.keys(parts).filter(isPart);
const out = resolve(values.out ?? join("runs", "campaign", `${commit()}-${seed}`));
const work = await mkdtemp(join(tmpdir(), "palette-campaign-"));
try {
  await mkdir(out, { recursive: true });
  say(`the campaign is kept in ${out}`);
  const specimens = join(work, "specimens");
  await writeSpecimens(specimens);
  for (const name of values.case.length > 0 ? (["cases"] as const) : chosen) {
    const part = parts[name];
    const count = values.count === undefined ? part.count : Number(values.count);
    const counted = part.count === 0 ? "" : ` --count ${count}`;
    const command = `npm run campaign -- ${name}${counted} --seed ${seed}`;
    const options = { seed, count, specimens, out, work, command, say };
    const table: CampaignTable = await part.run(options);
    const json = `${JSON.stringify(table, undefined, 2)}\n`;
    await writeFile(join(out, `reliability-${name}.json`), json);
    if (values.record) {
      const data = fileURLToPath(new URL("../../docs/results/data/", import.meta.url));
      await writeFile(join(data, `reliability-${name}.json`), json);
    }
    for (const row of [table.columns, ...table.rows]) process.stdout.write(`${row.join(" | ")}\n`);
  }
} finally {
  await rm(work, { recursive: true, force: true });
}

/** Trainings killed at random moments and continued: the end has the bytes of the unbroken run. */
import { createHash } from "node:crypto";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Random } from "../../src/util/random.ts";
import { spawned } from "./execute.ts";
import { killedAfter, temporaryFiles } from "./killable.ts";
import type { PartOptions } from "./main.ts";
import { shortTraining, specimens } from "./specimens.ts";
import { type CampaignTable, campaignTable } from "./tables.ts";
import { filesBelow, halfFiles, isTemporary } from "./whole-files.ts";

/** Kills of a run before it may end. */
const killsOfRun = 10;

export async function runTrainingKills(options: PartOptions): Promise<CampaignTable> {
  const { seed, count, work, command, say } = options;
  const random = Random.from(seed, "campaign", "trainings");
  const whole = join(work, "unbroken");
  const ended = await spawned(training(options, whole), work);
  if (ended.code !== 0) throw new Error(`The unbroken training ended with ${ended.stderr}`);
  const expected = await bytesOf(whole);
  // Long enough that most of these moments lie in the training, and a run takes several.
  const longest = 0.6 * ended.milliseconds;
  const sum = { kills: 0, writing: 0, runs: 0, same: 0, half: 0, refusals: 0 };
  while (sum.kills < count) {
    const run = join(work, `run-${sum.runs}`);
    const argv = training(options, run);
    for (let kills = 0; kills < killsOfRun && sum.kills < count; ) {
      const delay = random.between(300, longest);
      const { code, stderr } = await killedAfter(argv, work, () => setTimeout(delay));
      if (code !== undefined && code !== 0) {
        sum.refusals++;
        say(`run ${sum.runs}, after ${kills} kills: ${stderr.trim()}`);
      }
      if (code !== undefined) break;
      kills++;
      sum.kills++;
      sum.writing += (await temporaryFiles(run)) > 0 ? 1 : 0;
      const half = (await halfFiles(run)).filter((name) => !name.startsWith("stats.jsonl"));
      sum.half += half.length;
      for (const name of half) say(`run ${sum.runs}, after ${kills} kills: ${name}`);
    }
    const { code, stderr } = await spawned(argv, work);
    sum.runs++;
    const found = code === 0 ? await bytesOf(run) : new Map();
    const other = [...expected].filter(([name, digest]) => found.get(name) !== digest);
    if (other.length === 0 && found.size === expected.size) sum.same++;
    else {
      say(`run ${sum.runs}: ${[...other.map(([name]) => name), stderr.trim()].join(", ")}`);
      await cp(run, join(options.out, "failures", `training-${sum.runs}`), { recursive: true });
    }
    say(`${sum.kills} of ${count} kills, ${sum.same} of ${sum.runs} runs with the same bytes`);
  }
  const columns = [
    ...["kills", "while a file was written", "runs", "with the unbroken run's bytes"],
    ...["half files", "refused to continue"],
  ];
  const { kills, writing, runs, same, half, refusals } = sum;
  return campaignTable(command, columns, [[kills, writing, runs, same, half, refusals]]);
}

function training({ specimens: folder }: PartOptions, out: string): string[] {
  return [
    ...["train", "--data", join(folder, specimens.photos), "--out", out, ...shortTraining],
    ...["--tasks", "colorize,inpaint", "--images", "240", "--checkpoint-every", "8"],
    ...["--stats-every", "4", "--held-out-every", "40", "--samples-every", "80"],
  ];
}

/** Digests of what a run leaves, without what the clock decides. */
async function bytesOf(run: string): Promise<Map<string, string>> {
  const names = (await filesBelow(run)).filter(
    (name) => !["log.txt", "clock.json", "lock"].includes(name) && !isTemporary(name),
  );
  const digests = names.map(async (name): Promise<[string, string]> => {
    const bytes = await readFile(join(run, name));
    const content = name === "stats.jsonl" ? withoutMachine(bytes.toString()) : bytes;
    return [name, createHash("sha256").update(content).digest("hex")];
  });
  return new Map(await Promise.all(digests));
}

function withoutMachine(stats: string): string {
  return stats
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { machine: _, ...numbers } = JSON.parse(line) as Record<string, unknown>;
      return JSON.stringify(numbers);
    })
    .join("\n");
}

/** `palette study`: the paper's fool rate, asked of people. */
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { markdownTable } from "markdown-table";
import { makeStudy, openStudy, type StudyProgress } from "../node/study.ts";
import { writeStudyReport } from "../node/study-report.ts";
import { percent } from "../study/report-page.ts";
import type { StudyResults } from "../study/results.ts";
import { startStudyServer } from "../study/server/server.ts";
import { StudyStore } from "../study/server/store.ts";
import { studyDefaults, studyFiles, studySettingsSchema } from "../study/settings.ts";
import { reasonOf, UsageError } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type {
  StudyNewFlags,
  StudyReportFlags,
  StudyServeFlags,
  StudySubjectFlags,
} from "./commands/study.ts";
import { log, say } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { whileWaiting } from "./progress.ts";
import { stopped } from "./stopped.ts";
import { Watch } from "./watch.ts";

const stageLabels: Readonly<Record<StudyProgress["stage"], string>> = {
  photos: "reading photos",
  pictures: "preparing pictures",
  loading: "loading a model",
  answers: "answering (network calls)",
  sheets: "keeping pairs",
};

/** Makes a study, or goes on with it. */
export async function newStudy(folder: string, flags: StudyNewFlags): Promise<void> {
  const { model: models = [], tasks, variants, steps, holdOut, seed, title, pairs } = flags;
  const { subjects, practice, checks, failuresAllowed, seconds, input, size: side } = flags;
  const trials = flags.trials ?? Math.min(studyDefaults.trials, Math.ceil(pairs / 2));
  const consent = flags.consent === undefined ? undefined : await textOf(flags.consent);
  const settings = studySettingsSchema.parse({
    ...{ format: 1, models, variants, steps, seed, pairs, subjects, trials },
    ...{ practice, checks, failuresAllowed, seconds, inputSeconds: input },
    ...omitUndefined({ title, consent, tasks, holdOut, side }),
  });
  const { data, device, threads } = flags;
  await interruptible(async (signal) => {
    const watch = new Watch();
    try {
      const { made } = await makeStudy(folder, settings, {
        ...{ data, device, signal, onNote: log },
        ...omitUndefined({ threads }),
        onProgress: ({ stage, done, total }) => watch.show(stageLabels[stage], done, total),
      });
      watch.stop();
      const models = quantity(made.cells.length, "model in a condition", "models in conditions");
      say(`${quantity(made.pairs.length, "pair")}: ${quantity(pairs, "photo")}, ${models}`);
      say(`palette study serve ${folder}`);
    } finally {
      watch.stop();
    }
  });
}

/** Serves until SIGINT or SIGTERM. */
export async function serveStudy(folder: string, flags: StudyServeFlags): Promise<void> {
  const { host, port, public: publicUrl, links, open } = flags;
  const study = await openStudy(folder);
  const server = await whileWaiting(
    "Starting",
    startStudyServer({
      ...{ folder, study, host, otherPort: port === undefined },
      ...omitUndefined({ port, publicUrl, links, open }),
      onBug: (error) => log(`palette: unexpected: ${error instanceof Error ? error.stack : error}`),
    }),
  );
  for (const link of server.links) say(link);
  if (links === undefined || open) say(server.url);
  if (publicUrl !== undefined) log(`Listening at ${server.address}.`);
  if (!server.pageIsBuilt) log("The page is not built: run `npm run build`.");
  log("Ctrl-C stops it; votes are kept.");
  await stopped();
  await server.stop();
}

/** Writes the report. */
export async function reportStudy(folder: string, { json }: StudyReportFlags): Promise<void> {
  const study = await openStudy(folder);
  const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const report = await whileWaiting("Counting", writeStudyReport(folder, study, version));
  if (json) {
    process.stdout.write(report.json);
    return;
  }
  say(ratesText(report.results));
  for (const file of report.files) say(relative(".", file));
}

/** Prints, or deletes, what is kept of a subject. */
export async function studySubject(
  folder: string,
  word: string,
  flags: StudySubjectFlags,
): Promise<void> {
  const store = new StudyStore(join(folder, studyFiles.votes), await openStudy(folder));
  try {
    if (flags.delete) {
      store.delete(word);
      say("deleted");
    } else say(JSON.stringify(store.exported(word), undefined, 2));
  } finally {
    store.close();
  }
}

function ratesText({ cells, subjects }: StudyResults): string {
  const rows = cells.map(({ title, model, rate, crossed, votes }) => [
    ...[`${title}: ${model}`, percent(rate)],
    ...[votes === 0 ? "–" : `${percent(crossed.low)} to ${percent(crossed.high)}`, String(votes)],
  ]);
  const table = markdownTable([["", "fool rate %", "95 %", "votes"], ...rows], {
    align: ["l", "r", "r", "r"],
  });
  const { counted, failedChecks, unfinished } = subjects;
  return `${table}\n${quantity(counted, "subject")} counted, ${failedChecks} failed the checks, ${unfinished} did not finish`;
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause) => {
    throw new UsageError(`The text ${path} cannot be read (${reasonOf(cause)}).`, { cause });
  });
}

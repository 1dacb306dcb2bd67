/** A study's report: a page, its numbers, and every vote. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exclusionRule, studyReportPage } from "../study/report-page.ts";
import { countedSubjects, type StudyResults, studyResults } from "../study/results.ts";
import { StudyStore } from "../study/server/store.ts";
import type { VoteRow } from "../study/server/tables.ts";
import { type Study, studyFiles } from "../study/settings.ts";
import { writeAtomically } from "./atomic-write.ts";

export interface WrittenStudyReport {
  readonly results: StudyResults;
  /** The content of report.json. */
  readonly json: string;
  readonly files: readonly string[];
}

/** Reads the votes and writes report.html, report.json and votes.csv beside them. */
export async function writeStudyReport(
  folder: string,
  study: Study,
  version: string,
): Promise<WrittenStudyReport> {
  const store = new StudyStore(join(folder, studyFiles.votes), study);
  const recorded = (() => {
    try {
      return store.everything();
    } finally {
      store.close();
    }
  })();
  const results = studyResults(study, recorded);
  const { settings, made } = study;
  const { digest, data, cells, notes } = made;
  const report = {
    ...{ version, study: digest, settings, data, models: cells, notes },
    ...{ rule: exclusionRule(study), ...results },
  };
  const json = `${JSON.stringify(report, undefined, 2)}\n`;
  const { counted } = countedSubjects(recorded, study);
  const sheet = (name: string) => readFile(join(folder, studyFiles.sheet(name)));
  const contents = {
    "report.html": await studyReportPage({ study, results, version, sheet }),
    "report.json": json,
    "votes.csv": votesCsv(study, recorded.votes, counted),
  };
  for (const [name, content] of Object.entries(contents)) {
    await writeAtomically(join(folder, name), content);
  }
  return { results, json, files: Object.keys(contents).map((name) => join(folder, name)) };
}

/** A line a vote, of practice and checks too, and of subjects who do not count. */
function votesCsv(
  { made: { cells, photos } }: Study,
  votes: readonly VoteRow[],
  counted: ReadonlySet<number>,
): string {
  const headings = [
    ...["subject", "counted", "position", "kind", "item", "photo", "condition", "model"],
    ...["truth", "chosen", "fooled", "reaction_ms", "shown_ms", "frames", "interrupted", "at"],
  ];
  const lines = votes.map((vote) => {
    const { subject, position, kind, item, truth, side, reaction, shown, frames } = vote;
    const cell = kind === "pair" ? cells[item % cells.length] : undefined;
    const photo = kind === "pair" ? photos[Math.floor(item / cells.length)] : undefined;
    return [
      ...[subject, Number(counted.has(subject)), position, kind, item],
      ...[photo, cell?.condition, cell?.model, truth, side, Number(side !== truth)],
      ...[Math.round(reaction), Math.round(shown), frames, vote.interrupted, vote.at],
    ];
  });
  return `${[headings, ...lines].map((line) => line.map(field).join(",")).join("\r\n")}\r\n`;
}

/** As RFC 4180 quotes it. */
function field(value: string | number | undefined): string {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

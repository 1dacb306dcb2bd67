/** An evaluation's tables for the terminal. */
import { markdownTable } from "markdown-table";
import type { Report, Seconds } from "../evaluation/report/report.ts";
import { type Cell, taskTables } from "../evaluation/report/tables.ts";

/** One table a task, aligned; "*" marks the best of the models. */
export function evaluationText(report: Report, seconds: Seconds): string {
  return taskTables(report, seconds)
    .map(({ table: { caption, columns, blocks } }) => {
      const lines = blocks.flatMap(({ title, rows }) => [
        ...(title === undefined ? [] : [[title, ...columns.map(() => "")]]),
        ...rows.map(({ label, cells }) => [`  ${label}`, ...cells.map(inCell)]),
      ]);
      const table = markdownTable([["", ...columns.map(({ heading }) => heading)], ...lines], {
        align: ["l", ...columns.map(() => "r")],
      });
      return `${caption}\n${table}`;
    })
    .join("\n\n");
}

function inCell({ text, interval, best }: Cell): string {
  return `${text}${interval === undefined ? "" : ` ± ${interval}`}${best ? " *" : ""}`;
}

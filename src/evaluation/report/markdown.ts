/** The report as Markdown, `report.md`, for GitHub and whoever reads it as text. */
import { markdownTable } from "markdown-table";
import { paperTablesOf } from "./paper-tables.ts";
import type { Report, Seconds } from "./report.ts";
import { caveats, facts, modelRows, pageTitle } from "./summary.ts";
import { type Cell, diversityTable, multiTaskTable, type Table, taskTables } from "./tables.ts";

/** The picture grids as files beside report.md, by the condition's id. */
export type GridFiles = Readonly<Record<string, string>>;

/**
 * The tables, the paper's beside them and the grids as links, with a trailing newline. Names from
 * outside (models, folders, labels) are escaped. What only the page can show (charts) is left out.
 */
export function reportMarkdown(report: Report, seconds: Seconds, grids: GridFiles = {}): string {
  const parts: string[] = [`# ${escapeMarkdown(pageTitle(report))}`];
  parts.push("## What was measured");
  parts.push(
    facts(report)
      .map(({ name, text }) => `- **${escapeMarkdown(name)}**: ${escapeMarkdown(text)}`)
      .join("\n"),
  );
  parts.push(...caveats(report).map(escapeMarkdown));
  const { headings, rows } = modelRows(report);
  const align = ["l", "l", "r", "r", "l", "l"];
  if (rows.length > 0)
    parts.push(aligned([headings, ...rows.map((r) => r.map(escapeMarkdown))], align));
  if (report.notes.length > 0) {
    parts.push("## Notes", report.notes.map((note) => `- ${escapeMarkdown(note)}`).join("\n"));
  }

  for (const { task, title, conditions, table } of taskTables(report, seconds)) {
    parts.push(`## ${escapeMarkdown(title)}`, tableText(table));
    const ids = conditions.map((condition) => condition.id);
    parts.push(...paperTablesOf(task, ids).map(tableText));
    for (const condition of conditions) {
      const file = Object.hasOwn(grids, condition.id) ? grids[condition.id] : undefined;
      if (file) parts.push(`![${escapeMarkdown(`Samples: ${condition.title}`)}](${linkTo(file)})`);
    }
  }
  const ids = report.conditions.map((condition) => condition.id);
  const multiTask = multiTaskTable(report, seconds);
  if (multiTask) {
    parts.push("## Multi-task against task-specific models", tableText(multiTask));
    parts.push(...paperTablesOf("multi-task", ids).map(tableText));
  }
  const diversity = diversityTable(report);
  if (diversity) parts.push("## Diversity", tableText(diversity));
  parts.push("## The paper's ablations", ...paperTablesOf("ablation").map(tableText));
  parts.push(`Written by palette-diffusion ${escapeMarkdown(report.version)}.`);
  return `${parts.join("\n\n")}\n`;
}

/** The caption in bold above; a block's title is a row of its own. */
function tableText({ caption, columns, blocks }: Table): string {
  const lines = [["", ...columns.map((column) => escapeMarkdown(column.heading))]];
  for (const { title, rows } of blocks) {
    if (title !== undefined && blocks.length > 1) {
      lines.push([`**${escapeMarkdown(title)}**`, ...columns.map(() => "")]);
    }
    for (const row of rows) lines.push([escapeMarkdown(row.label), ...row.cells.map(cellText)]);
  }
  const align = ["l", ...columns.map(() => "r")];
  return `**${escapeMarkdown(caption)}**\n\n${aligned(lines, align)}`;
}

function cellText({ text, interval, best }: Cell): string {
  const value = best ? `**${text}**` : text;
  return interval === undefined ? value : `${value} ± ${interval}`;
}

function aligned(lines: readonly (readonly string[])[], align: readonly string[]): string {
  return markdownTable(lines, { align, stringLength: (text) => Array.from(text).length });
}

/** One line in which no character starts a tag, a link, emphasis, a cell or an entity. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replace(/[\\`*_[\]|~]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** A relative address; what would end a link in Markdown is percent-encoded. */
function linkTo(file: string): string {
  const steps = file.replaceAll("\\", "/").split("/");
  const encoded = steps.map((step) => encodeURIComponent(Buffer.from(step).toString()));
  return encoded.join("/").replaceAll("(", "%28").replaceAll(")", "%29");
}

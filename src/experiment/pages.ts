/** The page of all studies, as Markdown and as one HTML file. */
import { markdownTable } from "markdown-table";
import { htmlDocument, scrolling } from "../evaluation/report/document.ts";
import { html, Markup } from "../util/html.ts";
import { studyChart } from "./charts.ts";
import { metrics } from "./metrics.ts";
import type { ExperimentReport, StudyReport } from "./report.ts";
import { comparisonTable, measureTable, methodOf, methodOfAll, type TextTable } from "./tables.ts";

/** The first line of a Markdown page that this module writes. */
export const markdownMark = "<!-- written by palette experiment -->";

function titleOf({ studies }: ExperimentReport): string {
  return studies.every(({ paper }) => paper !== undefined)
    ? "The paper's studies, at a small size"
    : "Studies";
}

/** The charts by the names of the studies. */
export function chartsOf({ studies }: ExperimentReport): Map<string, string> {
  const drawn = studies.flatMap((study) => {
    const chart = studyChart(study);
    return chart === undefined ? [] : [[study.name, chart] as const];
  });
  return new Map(drawn);
}

export interface MarkdownPlaces {
  /** Where the chart of a study lies, from the page. */
  readonly chart: (study: string) => string;
  /** Where it says how studies are run. */
  readonly guide?: string;
}

export function studiesMarkdown(
  report: ExperimentReport,
  { chart, guide }: MarkdownPlaces,
): string {
  const charts = chartsOf(report);
  const sections = report.studies.flatMap((study) => [
    `## ${study.title}`,
    ...(study.paper === undefined ? [] : [study.paper.trim()]),
    `**${study.sentence}**`,
    ...methodOf(study),
    ...(charts.has(study.name)
      ? [`![${study.title}: each arm with its interval](${chart(study.name)})`]
      : []),
    ...[comparisonTable(study), measureTable(study)].flatMap((table) =>
      table.rows.length === 0 ? [] : [`${table.caption}.`, inMarkdown(table)],
    ),
  ]);
  return `${[
    markdownMark,
    `# ${titleOf(report)}`,
    summaryLines(report).join("\n"),
    ...methodOfAll,
    factsOf(report).join(" "),
    ...(guide ? [`[How to run them, here and at a larger size](${guide}).`] : []),
    ...sections,
    "## Columns",
    Object.values(metrics)
      .map(({ heading, meaning }) => `- **${heading}**: ${meaning}`)
      .join("\n"),
  ].join("\n\n")}\n`;
}

export function studiesHtml(report: ExperimentReport): string {
  const charts = chartsOf(report);
  const section = (study: StudyReport) => {
    const chart = charts.get(study.name);
    return html`<section aria-labelledby="${study.name}"><h2 id="${study.name}">${study.title}</h2>
${study.paper && html`<p>${study.paper}</p>\n`}<p><strong>${study.sentence}</strong></p>
${methodOf(study).map((text) => html`<p>${text.replaceAll("**", "")}</p>\n`)}
${chart && html`<figure>${new Markup(chart)}</figure>\n`}
${[comparisonTable(study), measureTable(study)].map(inHtml)}</section>\n`;
  };
  const title = titleOf(report);
  return htmlDocument(
    title,
    html`<header><h1>${title}</h1></header>
<main>
<ul>${report.studies.map(({ name, title: own, sentence }) => html`<li><a href="#${name}">${own}</a>: ${sentence}</li>\n`)}</ul>
${methodOfAll.map((text) => html`<p>${text}</p>\n`)}
<p>${factsOf(report).join(" ")}</p>
${report.studies.map(section)}
<section aria-labelledby="columns"><h2 id="columns">Columns</h2><dl>
${Object.values(metrics).map(({ heading, meaning }) => html`<dt>${heading}</dt><dd>${meaning}</dd>\n`)}</dl></section>
</main>
<footer>Written by palette-diffusion ${report.version}. All values are in report.json.</footer>
`,
  );
}

function summaryLines({ studies }: ExperimentReport): string[] {
  return studies.map(({ title: own, sentence }) => `- **${own}.** ${sentence}`);
}

function factsOf({ data, features, hours, version }: ExperimentReport): string[] {
  return [
    `Photos: ${data}.`,
    `Features: ${features ?? "none, so there are no FID, KID and PD"}.`,
    `Trainings took ${hours.training.toFixed(1)} hours, answers and features ${hours.answering.toFixed(1)} (palette-diffusion ${version}).`,
  ];
}

function inMarkdown({ columns, rows }: TextTable): string {
  const cells = (row: readonly string[]) => row.map((cell) => cell.replaceAll("|", "\\|"));
  return markdownTable([cells(columns), ...rows.map(cells)], {
    padding: true,
    alignDelimiters: false,
  });
}

function inHtml({ caption, columns, rows }: TextTable): Markup | undefined {
  if (rows.length === 0) return undefined;
  const table = html`<table class="models"><caption><span>${caption}</span></caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>
${rows.map(([name, ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((text) => html`<td>${text}</td>`)}</tr>\n`)}</tbody></table>`;
  return scrolling(caption, table);
}

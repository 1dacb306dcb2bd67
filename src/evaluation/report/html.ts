/** The report as one HTML file, `report.html`, that needs no other file, no script and no network. */
import type { Chart } from "./chart.ts";
import { allColumns, diversityColumns } from "./columns.ts";
import { dotPlot } from "./dot-plot.ts";
import { html, Markup } from "./escape.ts";
import { histogram } from "./histogram.ts";
import { paperTablesOf } from "./paper-tables.ts";
import { pictureGrid } from "./picture-grid.ts";
import type { ConditionReport, Grid, Report, Seconds } from "./report.ts";
import { stepsCharts } from "./steps-chart.ts";
import { style } from "./style.ts";
import { caveats, facts, modelRows, pageTitle } from "./summary.ts";
import { diversityTable, multiTaskTable, type Table, taskTables } from "./tables.ts";

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: readonly Markup[];
}

/**
 * Tables, charts and pictures. Pictures go in as PNG data URIs, charts as SVG; a policy in the head
 * forbids anything from elsewhere. Every name from outside is escaped.
 * @throws PaletteError when a picture of a grid cannot be encoded.
 */
export async function reportHtml(
  report: Report,
  seconds: Seconds,
  grids: readonly Grid[] = [],
): Promise<string> {
  const ids = report.conditions.map((condition) => condition.id);
  const sections: Section[] = [
    { id: "measured", title: "What was measured", body: measured(report) },
  ];
  for (const [i, { task, title, conditions, table }] of taskTables(report, seconds).entries()) {
    const body = [valueTable(table), papers(task, ids)];
    body.push(figures(stepsCharts(conditions)));
    for (const condition of conditions)
      body.push(await details(condition, grids, conditions.length === 1));
    sections.push({ id: `task-${i + 1}`, title, body });
  }
  const multiTask = multiTaskTable(report, seconds);
  if (multiTask) {
    const body = [valueTable(multiTask), papers("multi-task", ids)];
    sections.push({ id: "multi-task", title: "Multi-task against task-specific models", body });
  }
  const diversity = diversityTable(report);
  if (diversity) {
    sections.push({ id: "diversity", title: "Diversity", body: [valueTable(diversity)] });
  }
  sections.push({
    id: "ablations",
    title: "The paper's ablations",
    body: [papers("ablation", ids)],
  });
  sections.push({ id: "meanings", title: "What the columns mean", body: [meanings()] });
  return page(report, sections).text;
}

function page(report: Report, sections: readonly Section[]): Markup {
  const title = pageTitle(report);
  const links = sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>\n`);
  const bodies = sections.map(
    ({ id, title, body }) =>
      html`<section aria-labelledby="${id}">\n<h2 id="${id}">${title}</h2>\n${body}</section>\n`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<nav aria-label="Contents"><ul>
${links}</ul></nav>
</header>
<main>
${bodies}</main>
<footer>Written by palette-diffusion ${report.version}. All values are in report.json.</footer>
</body>
</html>
`;
}

function measured(report: Report): Markup[] {
  const list = facts(report).map(({ name, text }) => html`<dt>${name}</dt><dd>${text}</dd>\n`);
  const said = caveats(report).map((text) => html`<p>${text}</p>\n`);
  const { headings, rows } = modelRows(report);
  const models = html`<table class="models">
<caption><span>Models</span></caption>
<thead><tr>${headings.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>
${rows.map(([name, ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table>`;
  const notes = report.notes.map((note) => html`<li>${note}</li>\n`);
  return [
    html`<dl>\n${list}</dl>\n`,
    notes.length === 0 ? html`` : html`<h3>Notes</h3>\n<ul class="notes">\n${notes}</ul>\n`,
    rows.length === 0 ? html`` : scrolling("Models", models),
    html`${said}`,
  ];
}

function valueTable(table: Table): Markup {
  return scrolling(table.caption, tableMarkup(table));
}

/** The paper's own tables, softer than ours and apart from them. */
function papers(task: string, conditions: readonly string[]): Markup {
  const tables = paperTablesOf(task, conditions).map(
    (table) => html`<div class="paper">${scrolling(table.caption, tableMarkup(table))}</div>\n`,
  );
  return tables.length === 0 ? html`` : html`<div class="papers">\n${tables}</div>\n`;
}

function tableMarkup({ caption, columns, blocks }: Table): Markup {
  const headings = columns.map(({ heading, meaning }) =>
    meaning === undefined
      ? html`<th scope="col">${heading}</th>`
      : html`<th scope="col"><abbr title="${meaning}">${heading}</abbr></th>`,
  );
  const bodies = blocks.map(({ title, rows }) => {
    const top =
      title === undefined || blocks.length === 1
        ? undefined
        : html`<tr><th scope="rowgroup" colspan="${columns.length + 1}">${title}</th></tr>\n`;
    const lines = rows.map(({ label, kind, cells }) => {
      const values = cells.map(({ text, interval, best }) => {
        const half = interval && html` <span class="interval-text">± ${interval}</span>`;
        return best
          ? html`<td class="best"><strong>${text}</strong>${half}</td>`
          : html`<td>${text}${half}</td>`;
      });
      return html`<tr class="${kind}"><th scope="row">${label}</th>${values}</tr>\n`;
    });
    return html`<tbody>\n${top}${lines}</tbody>\n`;
  });
  return html`<table class="values">
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col"><span class="hidden">Row</span></th>${headings}</tr></thead>
${bodies}</table>`;
}

/** What is wider than a telephone scrolls by itself, also with the keyboard. */
function scrolling(name: string, content: Markup): Markup {
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0">${content}</div>\n`;
}

/** Pictures first, then how the rows compare at this condition. */
async function details(
  condition: ConditionReport,
  grids: readonly Grid[],
  alone: boolean,
): Promise<Markup> {
  const shown: Markup[] = [];
  for (const grid of grids) {
    if (grid.condition !== condition.id || grid.rows.length === 0) continue;
    const table = await pictureGrid(grid, condition.title);
    shown.push(scrolling(`Pictures: ${condition.title}`, table));
  }
  const charts = [
    dotPlot(condition),
    histogram(condition, "pd"),
    histogram(condition, "ssim"),
    histogram(condition, "psnr"),
  ].filter((chart) => chart !== undefined);
  if (shown.length === 0 && charts.length === 0) return html``;
  // A section of one condition already has its name.
  const heading = alone ? undefined : html`<h3>${condition.title}</h3>`;
  return html`${heading}\n${shown}${figures(charts)}`;
}

function figures(charts: readonly Chart[]): Markup {
  if (charts.length === 0) return html``;
  const each = charts.map(
    ({ caption, svg }) => html`<figure><figcaption>${caption}</figcaption>${svg}</figure>\n`,
  );
  return html`<div class="charts">\n${each}</div>\n`;
}

function meanings(): Markup {
  const columns = new Set([...allColumns, ...diversityColumns]);
  const list = [...columns].map(
    ({ heading, meaning }) => html`<dt>${heading}</dt><dd>${meaning}</dd>\n`,
  );
  return html`<dl class="meanings">\n${list}</dl>\n`;
}

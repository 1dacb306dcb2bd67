/** The report as one HTML file, `report.html`. */
import type { ImageCodec } from "../../image/codec.ts";
import type { Image } from "../../image/image.ts";
import { html, type Markup } from "../../util/html.ts";
import type { Chart } from "./charts.ts";
import { allColumns, diversityColumns } from "./columns.ts";
import { base64, htmlDocument, scrolling } from "./document.ts";
import { paperTablesOf } from "./paper-tables.ts";
import type { ConditionReport, Grid, Report, Seconds } from "./report.ts";
import { caveats, facts, modelRows, pageTitle } from "./summary.ts";
import { diversityTable, multiTaskTable, type Table, taskTables } from "./tables.ts";

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: readonly Markup[];
}

/**
 * Tables, charts and pictures. Pictures go in as PNG data URIs, charts as SVG. Every name from
 * outside is escaped.
 * @throws PaletteError when a picture of a grid cannot be encoded.
 */
export async function reportHtml(
  report: Report,
  seconds: Seconds,
  grids: readonly Grid[],
  codec: Pick<ImageCodec, "encode">,
): Promise<string> {
  const charts = await import("./charts.ts");
  const ids = report.conditions.map((condition) => condition.id);
  const sections: Section[] = [
    { id: "measured", title: "What was measured", body: measured(report) },
  ];
  for (const [i, { task, title, conditions, table }] of taskTables(report, seconds).entries()) {
    const body = [valueTable(table), papers(task, ids), figures(charts.stepsCharts(conditions))];
    for (const condition of conditions) {
      const drawn = [
        charts.dotPlot(condition),
        charts.histogram(condition, "pd"),
        charts.histogram(condition, "ssim"),
        charts.histogram(condition, "psnr"),
      ].filter((chart) => chart !== undefined);
      const shown = grids.filter((grid) => grid.condition === condition.id && grid.rows.length > 0);
      if (shown.length === 0 && drawn.length === 0) continue;
      // A section of one condition already has its name.
      body.push(conditions.length === 1 ? html`` : html`<h3>${condition.title}</h3>\n`);
      for (const grid of shown) body.push(await pictureGrid(grid, condition, codec));
      body.push(figures(drawn));
    }
    sections.push({ id: `task-${i + 1}`, title, body });
  }
  const multiTask = multiTaskTable(report, seconds);
  if (multiTask) {
    const body = [valueTable(multiTask), papers("multi-task", ids)];
    sections.push({ id: "multi-task", title: "Multi-task against task-specific models", body });
  }
  const diversity = diversityTable(report);
  if (diversity)
    sections.push({ id: "diversity", title: "Diversity", body: [valueTable(diversity)] });
  const ablations = [papers("ablation", ids)];
  sections.push({ id: "ablations", title: "The paper's ablations", body: ablations });
  sections.push({ id: "meanings", title: "What the columns mean", body: [meanings()] });
  return page(report, sections);
}

function page(report: Report, sections: readonly Section[]): string {
  const title = pageTitle(report);
  const links = sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>\n`);
  const bodies = sections.map(
    ({ id, title, body }) =>
      html`<section aria-labelledby="${id}">\n<h2 id="${id}">${title}</h2>\n${body}</section>\n`,
  );
  return htmlDocument(
    title,
    html`<header>
<h1>${title}</h1>
<nav aria-label="Contents"><ul>
${links}</ul></nav>
</header>
<main>
${bodies}</main>
<footer>Written by palette-diffusion ${report.version}. All values are in report.json.</footer>
`,
  );
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

/** On a wide screen small pictures are enlarged by a whole factor to about this many pixels. */
const shownSize = 128;

/** Pictures as a table: a heading a column, a number a row, an alternative text a picture. */
async function pictureGrid(
  { headings, rows }: Grid,
  { title }: ConditionReport,
  codec: Pick<ImageCodec, "encode">,
): Promise<Markup> {
  const picture = async (image: Image | undefined, alt: string) => {
    if (image === undefined) return html``;
    const scale = Math.max(1, Math.round(shownSize / image.width));
    const [width, height] = [image.width * scale, image.height * scale];
    const png = base64(await codec.encode(image, "png"));
    return html`<img alt="${alt}" width="${width}" height="${height}" src="data:image/png;base64,${png}">`;
  };
  const lines: Markup[] = [];
  for (const [r, images] of rows.entries()) {
    const cells = await Promise.all(
      headings.map((heading, c) => picture(images[c], `${heading} of picture ${r + 1}, ${title}`)),
    );
    lines.push(
      html`<tr><th scope="row">${r + 1}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`,
    );
  }
  const table = html`<table class="grid">
<caption><span>Pictures: ${title}</span></caption>
<thead><tr><th scope="col"><span class="hidden">Picture</span></th>${headings.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>
${lines}</tbody>
</table>`;
  return scrolling(`Pictures: ${title}`, table);
}

function figures(charts: readonly Chart[]): Markup {
  if (charts.length === 0) return html``;
  const each = charts.map(
    ({ caption, svg, legend }) =>
      html`<figure><figcaption>${caption}</figcaption>${svg}${legend}</figure>\n`,
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

/** The report of a study as one HTML file. */
import { base64, htmlDocument, scrolling } from "../evaluation/report/document.ts";
import { paperFoolRates } from "../evaluation/report/paper-tables.ts";
import { quantity } from "../util/format.ts";
import { html, type Markup } from "../util/html.ts";
import { type CellResult, extremes, type FoolRate, type StudyResults } from "./results.ts";
import type { Study } from "./settings.ts";
import type { Interval } from "./statistics/interval.ts";

/** Pairs shown of those that fooled most, and least. */
const shownPairs = 4;

export interface ReportParts {
  readonly study: Study;
  readonly results: StudyResults;
  readonly version: string;
  /** The PNG file of a sheet by its digest. */
  readonly sheet: (digest: string) => Promise<Uint8Array>;
}

export async function studyReportPage(parts: ReportParts): Promise<string> {
  const { study, results, version } = parts;
  const { title: named } = study.settings;
  const title = named === undefined ? "Fool rates" : `Fool rates: ${named}`;
  const pictures: Markup[] = [];
  for (const cell of results.cells) pictures.push(await extremePairs(cell, parts));
  return htmlDocument(
    title,
    html`<header><h1>${title}</h1></header>
<main>
<section aria-labelledby="rates"><h2 id="rates">Fool rates</h2>
<p>The share of votes that took the model's answer for the camera's picture. 50 % is perfect: the two cannot be told apart.</p>
${rateTable(results)}
${paper(study)}</section>
<section aria-labelledby="how"><h2 id="how">How it was measured</h2>
<dl>
${facts(parts).map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>\n`)}</dl>
${study.made.notes.length > 0 ? html`<ul class="notes">${study.made.notes.map((note) => html`<li>${note}</li>\n`)}</ul>\n` : undefined}</section>
<section aria-labelledby="pairs"><h2 id="pairs">Pairs that fooled most and least</h2>
<p>The camera's picture is on the left, the answer on the right${study.settings.inputSeconds > 0 ? ", after what was degraded" : ""}.</p>
${pictures}</section>
</main>
<footer>Written by palette-diffusion ${version}. All values are in report.json, all votes in votes.csv.</footer>
`,
  );
}

function rateTable({ cells, models }: StudyResults): Markup {
  const headings = [
    "Fool rate %",
    "95 %, other subjects and photos",
    "95 %, these (Wilson)",
    "Votes",
    "Agreement α",
  ];
  const line = (label: string, rate: FoolRate) =>
    html`<tr class="palette"><th scope="row">${label}</th><td>${percent(rate.rate)}</td><td>${range(rate.crossed, rate)}</td><td>${range(rate.wilson, rate)}</td><td>${rate.votes}</td><td>${rate.agreement.alpha?.toFixed(2) ?? "–"}</td></tr>\n`;
  const several = cells.length > models.length;
  const caption = "Fool rates by condition and model";
  return scrolling(
    caption,
    html`<table class="values"><caption><span>${caption}</span></caption>
<thead><tr><th scope="col"><span class="hidden">Row</span></th>${headings.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>
${cells.map((cell) => line(`${cell.title}: ${cell.model}`, cell))}${several ? models.map((rate) => line(`All conditions: ${rate.model}`, rate)) : undefined}</tbody></table>`,
  );
}

/** The paper's own figures: of other pictures, other models' training and other subjects. */
function paper({ made }: Study): Markup | undefined {
  const tasks = [...new Set(made.cells.map(({ task }) => task))];
  const rows = tasks.flatMap(paperFoolRates);
  if (rows.length === 0) return undefined;
  const caption =
    "The paper's fool rates (another data set: ImageNet or Places2, 256x256; not comparable)";
  const table = html`<table class="values"><caption><span>${caption}</span></caption>
<thead><tr><th scope="col">Table and row</th><th scope="col">Fool rate %</th></tr></thead>
<tbody>
${rows.map(({ table, label, percent }) => html`<tr><th scope="row">Table ${table}: ${label}</th><td>${percent}</td></tr>\n`)}</tbody></table>`;
  return html`<div class="papers"><div class="paper">${scrolling(caption, table)}</div></div>\n`;
}

function facts({ study, results }: ReportParts): [string, string][] {
  const { settings, made } = study;
  const { counted, failedChecks, unfinished, deleted } = results.subjects;
  const input =
    settings.inputSeconds > 0
      ? `; before it, what was degraded for ${settings.inputSeconds} s`
      : "";
  return [
    ["Question", "Which image would you guess is from a camera? (two alternatives, forced choice)"],
    [
      "Shown",
      `${settings.seconds} s, then hidden${input}; ${made.side} pixels a side, from ${made.resolution}`,
    ],
    ["Photos", made.data],
    [
      "Design",
      `${settings.pairs} photos; ${settings.trials} of them for each of ${settings.subjects} planned subjects, none twice; sides and order random; pairs with fewest votes first`,
    ],
    [
      "Subjects",
      `${counted} counted; ${failedChecks} failed the checks; ${unfinished} did not finish; ${deleted} deleted`,
    ],
    ["Left out", exclusionRule(study)],
    ...(results.left === undefined || results.reaction === undefined
      ? []
      : ([
          ["Votes for the left", `${percent(results.left)} %`],
          ["Median time to a vote", `${(results.reaction / 1000).toFixed(1)} s`],
        ] satisfies [string, string][])),
    ["Study", made.digest],
  ];
}

/** The rule, fixed when the study was made. */
export function exclusionRule({ settings: { checks, failuresAllowed } }: Study): string {
  const failing =
    checks === 0 ? "" : ` or failed more than ${failuresAllowed} of ${quantity(checks, "check")}`;
  return `Subjects who did not finish${failing}, by a rule fixed before the study`;
}

async function extremePairs(
  { condition, model, title }: CellResult,
  { study, results, sheet }: ReportParts,
): Promise<Markup> {
  const own = results.pairs.filter((pair) => pair.condition === condition && pair.model === model);
  // None is among both.
  const count = Math.min(shownPairs, Math.floor(own.filter(({ votes }) => votes > 0).length / 2));
  const figures: Markup[] = [];
  for (const which of ["most", "least"] as const) {
    for (const { pair, photo, fooled, votes } of extremes(own, which, count)) {
      const file = await sheet(study.made.pairs[pair]!.left);
      const caption = `Fooled ${which}: ${fooled} of ${quantity(votes, "vote")} (${photo})`;
      figures.push(
        html`<figure><figcaption>${caption}</figcaption><img alt="${caption}" width="100%" src="data:image/png;base64,${base64(file)}"></figure>\n`,
      );
    }
  }
  return html`<h3>${title}: ${model}</h3>\n<div class="charts">\n${figures}</div>\n`;
}

export function percent(share: number | undefined): string {
  return share === undefined ? "–" : (100 * share).toFixed(1);
}

function range({ low, high }: Interval, { votes }: FoolRate): string {
  return votes === 0 ? "–" : `${percent(low)} to ${percent(high)}`;
}

/**
 * Renders the tables of docs/results from docs/results/data: `npm run docs:results`. A page says
 * `<!-- table: NAME -->` and `<!-- /table -->`; NAME.json is one of four files:
 *
 * - `report.json` of `palette evaluate`: its tables as in the report, with its intervals;
 * - the output of `palette bench --json`;
 * - a table of `npm run campaign -- --record` or of a program in bench, `"source": "campaign"` or
 *   `"bench"`, with its command and day;
 * - a table copied from a page, `"source": "transcribed"`, with the command that measured it and
 *   the date of the commit that first had it. A run that keeps its JSON replaces such a file.
 *
 * A sentence, here or in README.md, takes a number from a cell of such a table with
 * `<!-- cell: NAME ROW COLUMN -->` and `<!-- /cell -->`, both counted from 1, without asterisks.
 *
 * studies.md as a whole, with its charts in docs/images/studies, is made of studies.json, the
 * `report.json` of `palette experiment`.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { markdownTable } from "markdown-table";
import { z } from "zod";
import { parseReport } from "../../src/evaluation/report/report.ts";
import { taskTables } from "../../src/evaluation/report/tables.ts";
import { chartsOf, markdownMark, studiesMarkdown } from "../../src/experiment/pages.ts";
import type { ExperimentReport } from "../../src/experiment/report.ts";

const folder = fileURLToPath(new URL("../../docs/results", import.meta.url));
const readme = fileURLToPath(new URL("../../README.md", import.meta.url));

const plainTable = z
  .strictObject({
    source: z.enum(["bench", "campaign", "transcribed"]),
    command: z.string(),
    recorded: z.iso.date(),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string())),
  })
  .refine(({ columns, rows }) => rows.every((row) => row.length === columns.length), {
    error: "each row has a cell for each column",
  });

const bench = z.object({
  name: z.string(),
  matrixPeak: z.number(),
  results: z.array(
    z.object({
      mode: z.enum(["train", "sample"]),
      imagesPerSecond: z.number(),
      peakMemoryBytes: z.number(),
      shareOfPeak: z.number(),
    }),
  ),
});

/**
 * The Markdown of one data file.
 * @throws an error of zod, or PaletteError, for a file of none of the four kinds
 */
export function renderTable(json: string): string {
  const value: unknown = JSON.parse(json);
  if (has(value, "source")) {
    const { columns, rows } = plainTable.parse(value);
    return table([columns, ...rows]);
  }
  return has(value, "matrixPeak") ? benchTable(value) : reportTables(json);
}

function benchTable(value: unknown): string {
  const { name, results } = bench.parse(value);
  const rows = results.map((result) => [
    `\`${name}\`, ${result.mode === "train" ? "training" : "network calls"}`,
    result.imagesPerSecond.toPrecision(3),
    `${(100 * result.shareOfPeak).toFixed(0)} %`,
    `${(result.peakMemoryBytes / 2 ** 30).toFixed(2)} GiB`,
  ]);
  return table([["", "images per second", "of the matrix peak", "memory"], ...rows]);
}

/** A table for each task: a row for each model and setting, the best of the models in bold. */
function reportTables(json: string): string {
  const tables = taskTables(parseReport(json), {}).map(
    ({ table: { caption, columns, blocks } }) => {
      const rows = blocks.flatMap(({ title = "", rows: inBlock }) =>
        inBlock.map(({ label, cells }) => [
          title,
          label,
          ...cells.map(({ text, interval, best }) => {
            const value = best ? `**${text}**` : text;
            return interval === undefined ? value : `${value} ± ${interval}`;
          }),
        ]),
      );
      return `${caption}\n\n${table([["", "", ...columns.map(({ heading }) => heading)], ...rows])}`;
    },
  );
  return tables.join("\n\n");
}

function table(rows: readonly (readonly string[])[]): string {
  return markdownTable(rows, { alignDelimiters: false });
}

function has(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}

/** A cell's text, without asterisks. */
function cellOf(json: string, row: number, column: number): string {
  const text = plainTable.parse(JSON.parse(json)).rows[row - 1]?.[column - 1];
  if (!text) throw new Error(`no cell in row ${row}, column ${column}`);
  return text.replaceAll("*", "");
}

/**
 * The page with its tables and cells as the data files have them; `read` gives a data file's text
 * by name.
 */
export function renderPage(page: string, read: (name: string) => string): string {
  return page
    .replace(
      /<!-- table: (\S+) -->\n[\s\S]*?<!-- \/table -->/g,
      (_, name: string) =>
        `<!-- table: ${name} -->\n\n${renderTable(read(name))}\n\n<!-- /table -->`,
    )
    .replace(
      /(<!-- cell: (\S+) (\d+) (\d+) -->).*?<!-- \/cell -->/g,
      (_, mark: string, name: string, row: string, column: string) =>
        `${mark}${cellOf(read(name), Number(row), Number(column))}<!-- /cell -->`,
    );
}

/** Each page of docs/results, and README.md: its path, its text, and what its text should be. */
export async function renderedPages(): Promise<{ path: string; text: string; rendered: string }[]> {
  const data = new Map<string, string>();
  for (const file of await readdir(join(folder, "data"))) {
    data.set(file.replace(/\.json$/, ""), await readFile(join(folder, "data", file), "utf8"));
  }
  const read = (name: string) => {
    const json = data.get(name);
    if (json === undefined) throw new Error(`docs/results/data has no ${name}.json`);
    return json;
  };
  const pages = (await readdir(folder)).filter((file) => file.endsWith(".md")).sort();
  return Promise.all(
    [...pages.map((file) => join(folder, file)), readme].map(async (path) => {
      const text = await readFile(path, "utf8");
      const rendered = text.startsWith(markdownMark)
        ? studiesPage(read("studies"))
        : renderPage(text, read);
      return { path, text, rendered };
    }),
  );
}

function studiesPage(json: string): string {
  const chart = (study: string) => `../images/studies/${study}.svg`;
  return studiesMarkdown(JSON.parse(json) as ExperimentReport, { chart, guide: "../studies.md" });
}

/** The charts of the studies: their paths and what they should be. */
export async function renderedCharts(): Promise<{ path: string; rendered: string }[]> {
  const json = await readFile(join(folder, "data", "studies.json"), "utf8");
  return [...chartsOf(JSON.parse(json) as ExperimentReport)].map(([study, rendered]) => ({
    path: join(folder, "..", "images", "studies", `${study}.svg`),
    rendered,
  }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = [...(await renderedPages()), ...(await renderedCharts())];
  await mkdir(join(folder, "..", "images", "studies"), { recursive: true });
  for (const { path, rendered } of files) await writeFile(path, rendered);
}

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import {
  renderedCharts,
  renderedPages,
  renderPage,
  renderTable,
} from "../scripts/docs/render-results.ts";
import { reportJson } from "../src/evaluation/report/report.ts";
import { markdownMark } from "../src/experiment/pages.ts";
import { syntheticReport } from "./support/synthetic-report.ts";

describe("the tables of docs/results", () => {
  it("are what the data files say (npm run docs:results)", async () => {
    const pages = await renderedPages();
    expect(pages.map(({ path }) => basename(path))).toEqual([
      "README.md",
      "browser.md",
      "calls.md",
      "fool-rate.md",
      "many-machines.md",
      "memory.md",
      "quality.md",
      "reliability.md",
      "restore.md",
      "speed.md",
      "studies.md",
      "studio.md",
      "README.md",
    ]);
    for (const { text, rendered } of pages) expect(text).toBe(rendered);
    for (const { path, rendered } of await renderedCharts()) {
      expect(await readFile(path, "utf8")).toBe(rendered);
    }
  });

  it("all come from a data file", async () => {
    for (const { path, text } of await renderedPages()) {
      if (text.startsWith(markdownMark) || !path.includes("results")) continue;
      expect(text.replace(/<!-- table: [\s\S]*?<!-- \/table -->/g, "")).not.toMatch(/^\|/m);
    }
  });

  it("may be a report's", () => {
    const markdown = renderTable(reportJson(syntheticReport()));
    expect(markdown).toMatch(/^\|.*FID/m);
    expect(markdown).toMatch(/\*\*[\d.]+\*\* ± [\d.]+/);
  });

  it("may be those of palette bench --json", () => {
    const results = [
      { mode: "train", imagesPerSecond: 19.84, peakMemoryBytes: 2 ** 31, shareOfPeak: 0.5 },
    ];
    expect(renderTable(JSON.stringify({ name: "small-64", matrixPeak: 2e11, results }))).toContain(
      "| `small-64`, training | 19.8 | 50 % | 2.00 GiB |",
    );
  });

  it("lend their cells to sentences", () => {
    const lacking = { source: "bench", command: "x", recorded: "2026-11-27" };
    const json = JSON.stringify({ ...lacking, columns: ["a", "b"], rows: [["1", "**2.5**"]] });
    const page = (column: number, text: string) =>
      `<!-- cell: x 1 ${column} -->${text}<!-- /cell -->`;
    expect(renderPage(`${page(2, "?")} times`, () => json)).toBe(`${page(2, "2.5")} times`);
    expect(() => renderPage(page(3, "?"), () => json)).toThrow(/row 1, column 3/);
  });

  it("refuse a row with a cell too few, and a name without a file", () => {
    const lacking = { source: "transcribed", command: "x", recorded: "2026-11-27" };
    const json = JSON.stringify({ ...lacking, columns: ["a", "b"], rows: [["1"]] });
    expect(() => renderTable(json)).toThrow(/a cell for each column/);
    const none = () => {
      throw new Error("no such file");
    };
    expect(() => renderPage("<!-- table: x -->\n<!-- /table -->", none)).toThrow(/no such file/);
  });
});

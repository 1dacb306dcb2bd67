import { describe, expect, it } from "vitest";
import { syntheticReport, syntheticSeconds } from "../../../test/support/synthetic-report.ts";
import { allColumns, fid, fixed, format } from "./columns.ts";
import { paperTables, paperTablesOf, paperWarning } from "./paper-tables.ts";
import type { Report, Row } from "./report.ts";
import { facts } from "./summary.ts";
import { diversityTable, multiTaskTable, type Table, taskTables } from "./tables.ts";

const report = syntheticReport(5);
const seconds = syntheticSeconds(report);

function headingsOf(table: Table): string[] {
  return table.columns.map((column) => column.heading.replaceAll("\u00a0", " "));
}

function withRows(rows: readonly Row[]): Report {
  return { ...report, conditions: [{ id: "colorize", task: "colorize", title: "C", rows }] };
}

function row(id: string, kind: Row["kind"], values: Record<string, number>, images = 9): Row {
  const metrics = Object.entries(values).map(([name, value]) => [name, { value }]);
  return { id, kind, label: id, images, metrics: Object.fromEntries(metrics), perImage: {} };
}

describe("taskTables", () => {
  it("has the paper's order of tasks and a block a condition, whatever the report's order", () => {
    const turned = { ...report, conditions: report.conditions.toReversed() };
    const tables = taskTables(turned, seconds);
    expect(tables.map(({ task }) => task)).toEqual(["colorize", "inpaint", "uncrop", "dejpeg"]);
    expect(tables.map(({ table }) => table.blocks.length)).toEqual([1, 2, 1, 2]);
    expect(tables[3]!.table.caption).toContain("Table 4");
  });

  it("has only the columns that have a value, the paper's first", () => {
    const { table } = taskTables(report, seconds)[0]!;
    expect(headingsOf(table)).toEqual([
      "FID ↓",
      "PD ↓",
      "KID ×10³ ↓",
      "SSIM ↑",
      "PSNR dB ↑",
      "Div. MS-SSIM ↓",
      "s/image",
    ]);
    expect(headingsOf(taskTables(report, {})[0]!.table)).not.toContain("s/image");
    const bare = withRows([row("a", "palette", { ssim: 0.5 }), row("o", "originals", { ssim: 1 })]);
    expect(headingsOf(taskTables(bare, {})[0]!.table)).toEqual(["SSIM ↑"]);
  });

  it("marks the best of the models, not of the originals or the input", () => {
    const rows = [
      row("input", "degraded", { fid: 1, is: 99 }),
      row("baseline", "regression", { fid: 9, is: 7 }),
      row("a", "palette", { fid: 5, is: 6 }),
      row("b", "palette", { fid: 5, is: 5 }),
      row("truth", "originals", { fid: 0, is: 100 }),
    ];
    const { table } = taskTables(withRows(rows), {})[0]!;
    const best = table.blocks[0]!.rows.map(({ cells }) => cells.map((cell) => cell.best === true));
    expect(best).toEqual([
      [false, false],
      [false, true],
      [true, false],
      [true, false],
      [false, false],
    ]);
  });

  it("marks nothing when there is one model", () => {
    const rows = [row("input", "degraded", { fid: 9 }), row("a", "palette", { fid: 5 })];
    const { table } = taskTables(withRows(rows), {})[0]!;
    expect(table.blocks[0]!.rows.every(({ cells }) => !cells[0]!.best)).toBe(true);
  });

  it("says N once, or in a column when rows differ", () => {
    const same = [row("a", "palette", { fid: 5 }), row("b", "palette", { fid: 6 })];
    expect(taskTables(withRows(same), {})[0]!.table.caption).toContain("N = 9");
    const unlike = [row("a", "palette", { fid: 5 }), row("b", "palette", { fid: 6 }, 18)];
    const { table } = taskTables(withRows(unlike), {})[0]!;
    expect(headingsOf(table)).toEqual(["N", "FID ↓"]);
    expect(table.blocks[0]!.rows.map(({ cells }) => cells[0]!.text)).toEqual(["9", "18"]);
  });

  it("shows the endless PSNR of the originals beside the others'", () => {
    const { table } = taskTables(report, seconds)[0]!;
    const psnr = headingsOf(table).indexOf("PSNR dB ↑");
    expect(table.blocks[0]!.rows.at(-1)!.cells[psnr]!.text).toBe("∞");
  });

  it("takes a task that the paper does not have, even one named as an object's member", () => {
    const other = { ...report.conditions[0]!, task: "constructor" };
    const [table] = taskTables({ ...report, conditions: [other] }, {});
    expect(table!.title).toBe("constructor");
  });
});

describe("multiTaskTable", () => {
  it("compares where a specialist and a multi-task model met, and nowhere else", () => {
    const table = multiTaskTable(report, seconds)!;
    expect(table.blocks.map(({ title }) => title)).toEqual([
      "JPEG restoration, quality 5",
      "JPEG restoration, quality 10",
    ]);
    const labels = table.blocks[0]!.rows.map(({ label }) => label);
    expect(labels).toContain("landscapes-64, dpm++, 20 steps (multi-task)");
    expect(labels.filter((label) => label.endsWith("(specialist)"))).toHaveLength(1);
    expect(labels).toContain("Regression");
    expect(labels).not.toContain("Originals");
    const alone = { ...report, models: report.models.slice(0, 2) };
    expect(multiTaskTable(alone, seconds)).toBeUndefined();
  });

  it("tells a specialist from a generalist of the same preset, which have one name", () => {
    const named = (one: Row) => (one.kind === "palette" ? { ...one, model: "small-64" } : one);
    const twins: Report = {
      ...report,
      models: report.models.map((model) => ({ ...model, name: "small-64" })),
      conditions: report.conditions.map((one) => ({ ...one, rows: one.rows.map(named) })),
    };
    expect(multiTaskTable(twins, seconds)).toEqual(multiTaskTable(report, seconds));
  });
});

describe("facts", () => {
  it("say that FID has no interval where there are too many crops for one", () => {
    const intervals = (crops: number) =>
      facts({ ...report, settings: { ...report.settings, crops } }).find(
        ({ name }) => name === "Intervals",
      )!.text;
    expect(intervals(1000)).not.toContain("FID");
    expect(intervals(1001)).toContain("FID has none above 1,000 crops");
  });
});

describe("diversityTable", () => {
  it("has the rows with several samples and both measures", () => {
    const table = diversityTable(report)!;
    expect(headingsOf(table)).toEqual(["Div. MS-SSIM ↓", "Div. distance ↑"]);
    expect(table.blocks[0]!.rows).toHaveLength(1);
    const bare = withRows([row("a", "palette", { fid: 1 })]);
    expect(diversityTable(bare)).toBeUndefined();
  });
});

describe("format", () => {
  it("gives 1.96 deviations in the column's unit and decimals", () => {
    expect(format({ value: 12.34, deviation: 0.4 }, fid)).toEqual({
      text: "12.3",
      interval: "0.8",
    });
    const ca = allColumns.find((column) => column.heading.startsWith("CA"))!;
    expect(format({ value: 0.4312, deviation: 0.01 }, ca)).toEqual({
      text: "43.1",
      interval: "2.0",
    });
  });

  it("shows a short interval as short, not as none", () => {
    expect(format({ value: 3, deviation: 0.002 }, fid).interval).toBe("0.004");
    expect(format({ value: 3, deviation: 0 }, fid).interval).toBe("0.0");
    expect(format({ value: 3, deviation: Number.NaN }, fid).interval).toBeUndefined();
  });

  it("writes a true minus, no negative nought, and what is no number as a dash", () => {
    expect(fixed(-1.25, 1)).toMatch(/^−1\.[23]$/);
    expect(fixed(-0.01, 1)).toBe("0.0");
    expect(fixed(Number.NaN, 1)).toBe("–");
  });
});

describe("paperTables", () => {
  it("gives a value, or says that there is none, in every column", () => {
    for (const { number, columns, blocks } of paperTables) {
      for (const { rows } of blocks) {
        for (const values of rows)
          expect(values, `Table ${number}`).toHaveLength(2 + columns.length);
      }
    }
    const numbers = paperTables.flatMap((table) => table.number.split(" and "));
    expect(numbers.map(Number).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it("has Palette at FID 15.78 against Regression's 17.89 in Table 1, marked as not comparable", () => {
    const table = paperTablesOf("colorize")[0]!;
    expect(table.caption).toContain(paperWarning);
    const fids = table.blocks[0]!.rows.map(({ label, cells }) => [label, cells[0]!.text]);
    expect(fids).toContainEqual(["Palette", "15.78"]);
    expect(fids).toContainEqual(["Regression", "17.89"]);
  });

  it("adds no decimals to the paper's", () => {
    const cells = paperTablesOf("uncrop")[0]!.blocks[0]!.rows.map((row) => row.cells[4]!.text);
    expect(cells).toEqual(["11.8", "–", "3.53", "2.1"]);
  });

  it("repeats Table 4 in Table 7 and Table 8 in it, as the paper does", () => {
    const find = (task: string, table: number, block: number, label: string) =>
      paperTablesOf(task)[table]!.blocks[block]!.rows.find((row) => row.label === label)!.cells;
    const specialist = "Palette (specialist)";
    expect(find("multi-task", 0, 2, specialist)).toEqual(find("dejpeg", 0, 0, "Palette"));
    expect(find("multi-task", 0, 1, specialist)).toEqual(find("colorize", 1, 0, "Palette, L2"));
    const inpainted = find("inpaint", 0, 3, "Palette (I+P)").slice(0, 4);
    expect(find("multi-task", 0, 0, specialist)).toEqual(inpainted);
  });

  it("shows the settings that were measured, all when none was", () => {
    const titles = (ids: string[]) => paperTablesOf("dejpeg", ids)[0]!.blocks.map((b) => b.title);
    expect(titles(["dejpeg-10", "colorize"])).toEqual(["Quality 10", "Not coded"]);
    expect(titles(["dejpeg-7"])).toHaveLength(4);
  });
});

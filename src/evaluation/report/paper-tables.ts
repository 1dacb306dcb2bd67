/**
 * The paper's own tables beside ours. Data set, resolution, network and number of pictures differ,
 * so the order of the rows can be compared, the values cannot.
 */
import { fixed } from "./columns.ts";
import data from "./paper-tables.json" with { type: "json" };
import type { RowKind } from "./report.ts";
import type { Table } from "./tables.ts";

interface PaperTable {
  readonly number: string;
  /** The task that shows the table. */
  readonly task: string;
  readonly title: string;
  /** Heading and fewest decimals. */
  readonly columns: readonly (readonly [string, number])[];
  readonly blocks: readonly {
    readonly title?: string;
    /** The evaluated condition of these rows; undefined for rows of all conditions. */
    readonly condition?: string;
    /** Label, kind, and a number for each column; `null` where the paper gives none. */
    readonly rows: readonly (readonly [string, RowKind, ...(number | null)[]])[];
  }[];
}

/** Saharia et al. 2022, arXiv 2111.05826. */
export const paperTables = data as unknown as readonly PaperTable[];

/** Stands in the caption of each of them. */
export const paperWarning = "paper: ImageNet/Places2, 256x256, not comparable";

/**
 * The paper's tables for a task, for "multi-task" (Table 7) and for "ablation" (Tables 5 and 6).
 * Blocks of conditions that were not evaluated are left out, unless that leaves none.
 */
export function paperTablesOf(task: string, conditions: readonly string[] = []): Table[] {
  return paperTables
    .filter((table) => table.task === task)
    .map(({ number, title, columns, blocks }) => {
      const matches = blocks.some((b) => b.condition && conditions.includes(b.condition));
      const kept = blocks.filter(
        (b) => !matches || b.condition === undefined || conditions.includes(b.condition),
      );
      return {
        caption: `The paper's Table ${number}, ${title} (${paperWarning})`,
        columns: columns.map(([heading]) => ({ heading })),
        blocks: kept.map(({ title, rows }) => ({
          title,
          rows: rows.map(([label, kind, ...values]) => ({
            label,
            kind,
            cells: values.map((value, c) => ({
              text: value === null ? "–" : asPrinted(value, columns[c]![1]),
            })),
          })),
        })),
      };
    });
}

/** The paper's fool rates for a task, in per cent, by the table's number and the row's label. */
export function paperFoolRates(task: string): { table: string; label: string; percent: number }[] {
  return paperTables
    .filter((table) => table.task === task)
    .flatMap(({ number, columns, blocks }) => {
      const column = columns.findIndex(([heading]) => heading === "Fool rate %");
      return blocks.flatMap(({ rows }) =>
        rows.flatMap(([label, , ...values]) => {
          const percent = values[column];
          return typeof percent === "number" ? [{ table: number, label, percent }] : [];
        }),
      );
    });
}

/**
 * The paper's first table of a task, which ours has the layout of; undefined for tasks of our own.
 */
export function paperTableNumber(task: string): number | undefined {
  const table = paperTables.find((one) => one.task === task);
  return table && Number.parseInt(table.number, 10);
}

/** A value with at least so many decimals, and with all that the paper gives. */
function asPrinted(value: number, decimals: number): string {
  const given = String(value).split(".")[1]?.length ?? 0;
  return fixed(value, Math.max(decimals, given));
}

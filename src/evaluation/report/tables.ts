/**
 * The report's tables in the paper's layout, as plain values: both pages are written from these.
 */
import { registeredTasks } from "../../tasks/registry.ts";
import { allColumns, type Column, diversityColumns, format, paperColumns } from "./columns.ts";
import { paperTableNumber } from "./paper-tables.ts";
import type { ConditionReport, Report, Row, RowKind, Seconds } from "./report.ts";

export interface Cell {
  readonly text: string;
  /** Half the width of the 95 % interval. */
  readonly interval?: string;
  /** The best of the models in its block. */
  readonly best?: boolean;
}

export interface TableRow {
  readonly label: string;
  readonly kind: RowKind;
  readonly cells: readonly Cell[];
}

/** Rows that belong together, such as those of one mask. */
export interface TableBlock {
  readonly title?: string;
  readonly rows: readonly TableRow[];
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly { readonly heading: string; readonly meaning?: string }[];
  readonly blocks: readonly TableBlock[];
}

/** The conditions of one task with their table. */
export interface TaskTables {
  readonly task: string;
  readonly title: string;
  readonly conditions: readonly ConditionReport[];
  readonly table: Table;
}

/** A table for each task, in the order of the registry, tasks that are not registered behind. */
export function taskTables(report: Report, seconds: Seconds): TaskTables[] {
  const known = registeredTasks();
  const names = new Set([
    ...known.map(({ name }) => name),
    ...report.conditions.map(({ task }) => task),
  ]);
  return [...names].flatMap((task) => {
    const conditions = report.conditions.filter((condition) => condition.task === task);
    if (conditions.length === 0) return [];
    const title = known.find(({ name }) => name === task)?.title ?? task;
    const number = paperTableNumber(task);
    const as = number === undefined ? title : `${title}, as the paper's Table ${number}`;
    return [{ task, title, conditions, table: build(as, conditions, allColumns, seconds) }];
  });
}

/**
 * The paper's Table 7, where a condition has both: models of several tasks against models of that
 * task alone, with the Regression rows.
 */
export function multiTaskTable(report: Report, seconds: Seconds): Table | undefined {
  const tasksOf = new Map(report.models.map((model) => [model.digest, model.tasks]));
  const blocks = report.conditions.flatMap((condition) => {
    const named = condition.rows.flatMap((row) => {
      if (row.kind === "regression") return [row];
      const tasks = row.kind === "palette" ? tasksOf.get(row.digest ?? "") : undefined;
      if (!tasks?.includes(condition.task)) return [];
      const what = tasks.length === 1 ? "specialist" : "multi-task";
      return [{ ...row, label: `${row.label} (${what})` }];
    });
    const has = (what: string) => named.some((row) => row.label.endsWith(`(${what})`));
    if (!has("specialist") || !has("multi-task")) return [];
    return [{ id: condition.id, title: condition.title, rows: named }];
  });
  if (blocks.length === 0) return undefined;
  const caption = "Multi-task against task-specific models, as the paper's Table 7";
  return build(caption, blocks, paperColumns, seconds);
}

/** How much the samples of one input differ, where there was more than one. */
export function diversityTable(report: Report): Table | undefined {
  const blocks = report.conditions
    .map(({ id, title, rows }) => ({ id, title, rows: rows.filter((r) => r.metrics.diversity) }))
    .filter(({ rows }) => rows.length > 0);
  if (blocks.length === 0) return undefined;
  const caption = "Diversity of the samples of one input, as the paper's section 4.6";
  return build(caption, blocks, diversityColumns, {});
}

interface Block {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

function build(
  caption: string,
  blocks: readonly Block[],
  candidates: readonly Column[],
  seconds: Seconds,
): Table {
  const secondsOf = (block: Block, row: Row) => {
    const key = `${block.id}/${row.id}`;
    return Object.hasOwn(seconds, key) ? seconds[key] : undefined;
  };
  // A column that only the originals' constants would fill (PSNR without an end) says nothing.
  const columns = candidates.filter((column) =>
    blocks.some((block) =>
      block.rows.some((row) => {
        const value = column.of(row, secondsOf(block, row))?.value;
        return value !== undefined && (row.kind !== "originals" || Number.isFinite(value));
      }),
    ),
  );
  // How many pictures stand behind a row: said once, unless rows differ.
  const counts = [...new Set(blocks.flatMap((block) => block.rows.map((row) => row.images)))];
  const counted = counts.length > 1;

  const made = blocks.map((block) => {
    const best = columns.map((column) => bestOf(block, column, secondsOf));
    const rows = block.rows.map((row): TableRow => {
      const cells = columns.map((column, c): Cell => {
        const estimate = column.of(row, secondsOf(block, row));
        if (estimate === undefined) return { text: "–" };
        const shown = format(estimate, column);
        return isModel(row) && estimate.value === best[c] ? { ...shown, best: true } : shown;
      });
      const images = counted ? [{ text: String(row.images) }] : [];
      return { label: row.label, kind: row.kind, cells: [...images, ...cells] };
    });
    return { title: block.title, rows };
  });
  const images = {
    heading: "N",
    meaning: "Pictures behind the row; FIDs of unlike N do not compare.",
  };
  return {
    caption: counts.length === 1 ? `${caption}. N = ${counts[0]} pictures a row` : caption,
    columns: [
      ...(counted ? [images] : []),
      ...columns.map(({ heading, meaning }) => ({ heading, meaning })),
    ],
    blocks: made,
  };
}

function isModel(row: Row): boolean {
  return row.kind === "regression" || row.kind === "palette";
}

/** The best value of the models, where there is more than one to choose from. */
function bestOf(
  block: Block,
  column: Column,
  secondsOf: (block: Block, row: Row) => number | undefined,
): number | undefined {
  if (column.better === undefined) return undefined;
  const values = block.rows
    .filter(isModel)
    .map((row) => column.of(row, secondsOf(block, row))?.value)
    .filter((value) => value !== undefined)
    .filter((value) => !Number.isNaN(value));
  if (values.length < 2) return undefined;
  return column.better === "low" ? Math.min(...values) : Math.max(...values);
}

/** The campaign's figures as tables for docs/results. */
import type { CaseId } from "./cases.ts";
import { kinds } from "./cases.ts";
import { faultKinds } from "./verdict.ts";
import type { Outcome } from "./worker.ts";

/** A table as scripts/docs/render-results.ts reads it. */
export interface CampaignTable {
  readonly source: "campaign";
  /** The command that made it. */
  readonly command: string;
  /** The day it ended. */
  readonly recorded: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function campaignTable(
  command: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): CampaignTable {
  const recorded = new Date().toISOString().slice(0, 10);
  const text = (cell: string | number) =>
    typeof cell === "number" ? cell.toLocaleString("en-US") : cell;
  return { source: "campaign", command, recorded, columns, rows: rows.map((row) => row.map(text)) };
}

/** How the cases of a kind ended, as far as it matters. */
export type Result = Pick<Outcome, "id" | "faults"> & { readonly code: number | null };

/** The columns of faults that the issue of reliability asks about. */
const crashes = ["crash", "memory"] as const;

/** A row a kind: cases, how they ended, and how many had which fault. */
export function casesTable(command: string, results: readonly Result[]): CampaignTable {
  const columns = [
    ...["", "cases", "done", "refused", "called wrongly"],
    ...["crashes", "hangs", "wrong exit codes", "refusals of several lines", "damage on disk"],
  ];
  const groups = [
    ...kinds.map(({ name, title }) => ({ title, has: ({ kind }: CaseId) => kind === name })),
    { title: "**all**", has: () => true },
  ];
  const rows = groups.map(({ title, has }) => {
    const of = results.filter(({ id }) => has(id));
    const ended = (code: number) => of.filter((one) => one.code === code).length;
    const faulty = (...names: readonly string[]) =>
      of.filter(({ faults }) => faults.some(({ kind }) => names.includes(kind))).length;
    const named = [...crashes, "hang", "wrong exit code", "not one line"];
    const onDisk = faultKinds.filter((kind) => !named.includes(kind));
    return [
      ...[title, of.length, ended(0), ended(1), ended(2), faulty(...crashes), faulty("hang")],
      ...[faulty("wrong exit code"), faulty("not one line"), faulty(...onDisk)],
    ];
  });
  return campaignTable(command, columns, rows);
}

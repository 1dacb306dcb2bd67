/** Numbers and tables as the page shows them: three significant digits. */
import { markdownTable } from "markdown-table";

const digits = (value: number) =>
  value.toLocaleString("en-US", { maximumSignificantDigits: 3, useGrouping: true });

function scaled(value: number, units: readonly string[]): string {
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(value) / 3)));
  return `${digits(value / 1000 ** step)} ${units[step]}`.trim();
}

/** Decimal units: 1 kB is 1,000 bytes. */
export const bytes = (value: number) => scaled(value, ["B", "kB", "MB", "GB", "TB", "PB"]);

/** Floating point operations. */
export const count = (value: number) =>
  value < 1e18
    ? scaled(value, ["", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP"])
    : `${value.toExponential(2)} FLOP`;

export function seconds(value: number): string {
  if (value < 1) return `${digits(1000 * value)} ms`;
  if (value < 7200) return `${digits(value)} s`;
  const days = value / 86_400;
  if (days < 2) return `${digits(value / 3600)} h`;
  return days < 1000 ? `${digits(days)} days` : `${digits(days / 365.25)} years`;
}

export const percent = (value: number) => `${(100 * value).toFixed(0)} %`;

export const dollars = (value: number) => `${digits(value)} USD`;

export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return markdownTable(
    [columns, ...rows].map((row) => [...row]),
    { alignDelimiters: false },
  );
}

/**
 * Rows of cells as lines with aligned columns, two spaces apart.
 * @param rows of equal length; the last column is not filled up
 */
export function alignedColumns(rows: readonly (readonly string[])[]): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: Math.max(0, columns - 1) }, (_, k) =>
    Math.max(...rows.map((row) => row[k]!.length)),
  );
  return rows.map((row) => row.map((cell, k) => cell.padEnd(widths[k] ?? 0)).join("  "));
}

/** How a view is divided when several pictures lie side by side. */
import type { Box } from "../../../image/image.ts";
import type { Size } from "../../../image/model-size.ts";

/** Between two cells, CSS pixels. */
const gap = 6;

/**
 * `count` equal cells in rows and columns such that a picture of this shape is largest in them.
 * Every cell has the same whole size, so that one viewport serves all of them.
 */
export function cellsOf(count: number, view: Size, picture: Size): Box[] {
  let best = { columns: 1, scale: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const cell = cellSize(count, columns, view);
    const scale = Math.min(cell.width / picture.width, cell.height / picture.height);
    if (scale > best.scale) best = { columns, scale };
  }
  const { columns } = best;
  const { width, height } = cellSize(count, columns, view);
  return Array.from({ length: count }, (_, k) => ({
    left: (k % columns) * (width + gap),
    top: Math.floor(k / columns) * (height + gap),
    width,
    height,
  }));
}

function cellSize(count: number, columns: number, view: Size): Size {
  const rows = Math.ceil(count / columns);
  return {
    width: Math.max(1, Math.floor((view.width - gap * (columns - 1)) / columns)),
    height: Math.max(1, Math.floor((view.height - gap * (rows - 1)) / rows)),
  };
}

/** The cell under a point of the view, if any. */
export function cellAt(cells: readonly Box[], x: number, y: number): number | undefined {
  const found = cells.findIndex(
    ({ left, top, width, height }) => x >= left && x < left + width && y >= top && y < top + height,
  );
  return found < 0 ? undefined : found;
}

/**
 * A mask as one byte a pixel, and the shapes that are drawn into it. Edges are hard: a pixel is
 * filled or known, as the model has it. Each function returns the box it may have changed.
 */
import type { Box } from "../../../image/image.ts";
import type { Size } from "../../../image/model-size.ts";
import type { Point } from "../view/viewport.ts";

/** `data` is [height, width]: 1 = to be filled, 0 = known. */
export interface MaskBitmap {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export type MaskValue = 0 | 1;

export function createBitmap(width: number, height: number): MaskBitmap {
  return { width, height, data: new Uint8Array(width * height) };
}

export const emptyBox: Box = { left: 0, top: 0, width: 0, height: 0 };

export function wholeBox({ width, height }: Size): Box {
  return { left: 0, top: 0, width, height };
}

export function isEmpty({ width, height }: Box): boolean {
  return width <= 0 || height <= 0;
}

export function union(a: Box, b: Box): Box {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  const [left, top] = [Math.min(a.left, b.left), Math.min(a.top, b.top)];
  return {
    left,
    top,
    width: Math.max(a.left + a.width, b.left + b.width) - left,
    height: Math.max(a.top + a.height, b.top + b.height) - top,
  };
}

/** A stroke from one point to another with round ends, `radius` in pixels; at least one pixel. */
export function fillStroke(
  mask: MaskBitmap,
  from: Point,
  to: Point,
  radius: number,
  value: MaskValue,
): Box {
  const r = Math.max(0.71, radius);
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  // The body's corners, perpendicular to the stroke.
  const [nx, ny] =
    length === 0 ? [0, 0] : [(-(to.y - from.y) / length) * r, ((to.x - from.x) / length) * r];
  const body = [
    { x: from.x + nx, y: from.y + ny },
    { x: to.x + nx, y: to.y + ny },
    { x: to.x - nx, y: to.y - ny },
    { x: from.x - nx, y: from.y - ny },
  ];
  const top = Math.min(from.y, to.y) - r;
  const bottom = Math.max(from.y, to.y) + r;
  // The shape is convex: a row meets it in one span.
  return fillRows(mask, top, bottom, value, (y) => {
    let [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { x, y: centre } of [from, to]) {
      const half = r * r - (y - centre) ** 2;
      if (half < 0) continue;
      left = Math.min(left, x - Math.sqrt(half));
      right = Math.max(right, x + Math.sqrt(half));
    }
    for (const x of crossings(body, y)) {
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
    return left <= right ? [left, right] : [];
  });
}

/** The rectangle between two opposite corners. */
export function fillRectangle(mask: MaskBitmap, a: Point, b: Point, value: MaskValue): Box {
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
  return fillRows(mask, Math.min(a.y, b.y), Math.max(a.y, b.y), value, () => [left, right]);
}

/** The inside of a closed line that may cross itself (even-odd). */
export function fillPolygon(mask: MaskBitmap, points: readonly Point[], value: MaskValue): Box {
  const rows = points.map(({ y }) => y);
  const top = rows.reduce((least, y) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const bottom = rows.reduce((most, y) => Math.max(most, y), Number.NEGATIVE_INFINITY);
  return fillRows(mask, top, bottom, value, (y) => crossings(points, y).sort((a, b) => a - b));
}

export function invert(mask: MaskBitmap): Box {
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = mask.data[i] === 1 ? 0 : 1;
  return wholeBox(mask);
}

export function fillAll(mask: MaskBitmap, value: MaskValue): Box {
  mask.data.fill(value);
  return wholeBox(mask);
}

/** The share of the pixels that is to be filled, from 0 to 1. */
export function filledShare({ data }: MaskBitmap): number {
  let sum = 0;
  for (const value of data) sum += value;
  return sum / data.length;
}

/** Where a horizontal line meets a closed polygon. */
function crossings(points: readonly Point[], y: number): number[] {
  const found: number[] = [];
  for (let k = 0; k < points.length; k++) {
    const [a, b] = [points[k]!, points[(k + 1) % points.length]!];
    if (a.y <= y === b.y <= y) continue;
    found.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
  }
  return found;
}

/**
 * Fills the pixels whose centres lie in the spans of each row; `spans` gives starts and ends in
 * turn.
 */
function fillRows(
  { width, height, data }: MaskBitmap,
  top: number,
  bottom: number,
  value: MaskValue,
  spans: (y: number) => readonly number[],
): Box {
  const first = Math.max(0, Math.ceil(top - 0.5));
  const end = Math.min(height, Math.floor(bottom - 0.5) + 1);
  let [least, most] = [width, 0];
  for (let y = first; y < end; y++) {
    const ends = spans(y + 0.5);
    for (let k = 0; k + 1 < ends.length; k += 2) {
      const from = Math.max(0, Math.ceil(ends[k]! - 0.5));
      const to = Math.min(width, Math.floor(ends[k + 1]! - 0.5) + 1);
      if (from >= to) continue;
      data.fill(value, y * width + from, y * width + to);
      least = Math.min(least, from);
      most = Math.max(most, to);
    }
  }
  if (least >= most) return emptyBox;
  return { left: least, top: first, width: most - least, height: end - first };
}

/** The separate holes of a mask: what of a picture is looked at to fill each of them. */
import type { Box, Mask } from "../image/image.ts";

/**
 * The window's side in sides of the hole: the hole then covers at most 40 % of it, as in training.
 */
const surroundings = 1.6;

/**
 * A window with surroundings for each connected hole, in the order of their first pixels. No two
 * windows overlap: holes whose windows would overlap are filled as one. So all masked pixels of a
 * window belong to its hole.
 * @param least windows have at least this many pixels a side where the picture has them
 */
export function maskWindows(mask: Mask, least: number): Box[] {
  let boxes = joinNeighbours(components(mask), least);
  for (;;) {
    const windows = boxes.map((box) => windowOf(box, mask, least));
    const joined = joinOverlapping(boxes, windows);
    if (joined.length === boxes.length) return windows;
    boxes = joined;
  }
}

/** The boxes of all 8-connected groups of masked pixels. */
function components({ width, height, data }: Mask): Box[] {
  const seen = new Uint8Array(data.length);
  const boxes: Box[] = [];
  const waiting: number[] = [];
  for (let start = 0; start < data.length; start++) {
    if (data[start] !== 1 || seen[start] === 1) continue;
    let [left, right, top, bottom] = [width, -1, height, -1];
    seen[start] = 1;
    waiting.push(start);
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (data[next] !== 1 || seen[next] === 1) continue;
          seen[next] = 1;
          waiting.push(next);
        }
      }
    }
    boxes.push({ left, top, width: right - left + 1, height: bottom - top + 1 });
  }
  return boxes;
}

/**
 * Joins what is within half a window, whose windows overlap in any case: dust and the rims of masks
 * saved as JPEG, which come in thousands, are few before they are compared with each other.
 */
function joinNeighbours(boxes: readonly Box[], least: number): Box[] {
  const cell = Math.max(1, Math.floor(least / 2));
  const cellOf = (start: number, length: number) => Math.floor((start + length / 2) / cell);
  return joinBy(boxes, (k) => {
    const { left, top, width, height } = boxes[k]!;
    return `${cellOf(left, width)},${cellOf(top, height)}`;
  });
}

/** Joins the boxes whose windows overlap, directly or by way of others. */
function joinOverlapping(boxes: readonly Box[], windows: readonly Box[]): Box[] {
  // Groups as trees: each box points to one before it, the first of its group to itself.
  const before = boxes.map((_, k) => k);
  const first = (k: number): number => {
    let root = k;
    while (before[root] !== root) root = before[root]!;
    before[k] = root;
    return root;
  };
  const fromLeft = boxes.map((_, k) => k).sort((a, b) => windows[a]!.left - windows[b]!.left);
  let open: number[] = [];
  for (const k of fromLeft) {
    const window = windows[k]!;
    open = open.filter((other) => endOf(windows[other]!) > window.left);
    for (const other of open) {
      if (!overlapDown(windows[other]!, window)) continue;
      const [a, b] = [first(k), first(other)];
      before[Math.max(a, b)] = Math.min(a, b);
    }
    open.push(k);
  }
  return joinBy(boxes, first);
}

/** One box around all that have the same key, in the order of the first of each. */
function joinBy<Key>(boxes: readonly Box[], keyOf: (k: number) => Key): Box[] {
  const groups = new Map<Key, Box>();
  for (const [k, box] of boxes.entries()) {
    const key = keyOf(k);
    const others = groups.get(key);
    groups.set(key, others === undefined ? box : union(others, box));
  }
  return [...groups.values()];
}

/** A square around the box where the picture is large enough, otherwise as much as there is. */
function windowOf(box: Box, { width, height }: Mask, least: number): Box {
  const side = Math.max(least, Math.ceil(surroundings * Math.max(box.width, box.height)));
  const place = (start: number, length: number, whole: number) => {
    const size = Math.min(side, whole);
    const middle = start + length / 2;
    return [Math.min(whole - size, Math.max(0, Math.round(middle - size / 2))), size] as const;
  };
  const [left, w] = place(box.left, box.width, width);
  const [top, h] = place(box.top, box.height, height);
  return { left, top, width: w, height: h };
}

function endOf({ left, width }: Box): number {
  return left + width;
}

function overlapDown(a: Box, b: Box): boolean {
  return a.top < b.top + b.height && b.top < a.top + a.height;
}

function union(a: Box, b: Box): Box {
  const [left, top] = [Math.min(a.left, b.left), Math.min(a.top, b.top)];
  return {
    left,
    top,
    width: Math.max(endOf(a), endOf(b)) - left,
    height: Math.max(a.top + a.height, b.top + b.height) - top,
  };
}

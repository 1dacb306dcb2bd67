/** The separate holes of a mask: what of a picture is looked at to fill each of them. */
import type { Box, Mask } from "../image/image.ts";

/**
 * The window's side in sides of the hole: the hole then covers at most 40 % of it, as in training.
 */
const surroundings = 1.6;

/** A network errs within so much of its side from the border: nothing small is filled there. */
const rim = 1 / 8;

/** A part of the picture, and which of the masked pixels in it are its to fill. */
export interface MaskWindow extends Box {
  /** Whether the masked pixel number `at` of the picture is filled by this window. */
  fills(at: number): boolean;
}

/** The box around one or several groups of connected pixels, and the numbers of these groups. */
interface Hole extends Box {
  readonly groups: readonly number[];
}

/**
 * Windows with surroundings that fill all holes, each of them by one window; the others that a
 * window sees are unknown to it. Large holes have a window each; those whose windows overlap have
 * one, and so do the small holes in it. Of the other small holes as many share a window of `least`
 * pixels as it can hold: 300 specks of dust take at most 300 calls of the network, not a picture
 * full of them.
 * @param least windows have at least this many pixels a side where the picture has them
 */
export function maskWindows(mask: Mask, least: number): MaskWindow[] {
  const { holes, groupOf } = connectedHoles(mask);
  const room = Math.floor(least / surroundings);
  const isSmall = ({ width, height }: Box) => Math.max(width, height) <= room;
  const large = joinedWhereOverlapping(
    holes.filter((hole) => !isSmall(hole)),
    mask,
    least,
  );
  const margin = Math.round(rim * least);
  const alone: Hole[] = [];
  const absorbed = large.map(({ groups }) => [...groups]);
  for (const hole of holes.filter(isSmall)) {
    const k = large.findIndex(({ window }) => holds(window, hole, margin, mask));
    if (k >= 0) absorbed[k]!.push(...hole.groups);
    else alone.push(hole);
  }
  const windows = [
    ...large.map(({ window }, k) => ({ window, groups: absorbed[k]! })),
    ...packed(alone, Math.max(1, least - 2 * margin)).map((hole) => ({
      window: squareAround(hole, mask, least),
      groups: hole.groups,
    })),
  ].sort((a, b) => a.groups[0]! - b.groups[0]!);
  const filledBy = new Uint32Array(holes.length + 1);
  windows.forEach(({ groups }, k) => {
    for (const group of groups) filledBy[group] = k + 1;
  });
  return windows.map(({ window }, k) => ({
    ...window,
    fills: (at) => filledBy[groupOf[at]!] === k + 1,
  }));
}

/** All 8-connected groups of masked pixels, and of each pixel the number of its group, from 1. */
function connectedHoles({ width, height, data }: Mask): { holes: Hole[]; groupOf: Uint32Array } {
  const groupOf = new Uint32Array(data.length);
  const holes: Hole[] = [];
  const waiting: number[] = [];
  for (let start = 0; start < data.length; start++) {
    if (data[start] !== 1 || groupOf[start] !== 0) continue;
    const group = holes.length + 1;
    let [left, right, top, bottom] = [width, -1, height, -1];
    groupOf[start] = group;
    waiting.push(start);
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (data[next] !== 1 || groupOf[next] !== 0) continue;
          groupOf[next] = group;
          waiting.push(next);
        }
      }
    }
    holes.push({ left, top, width: right - left + 1, height: bottom - top + 1, groups: [group] });
  }
  return { holes, groupOf };
}

/** The holes with their windows, after those whose windows overlap have become one. */
function joinedWhereOverlapping(
  holes: readonly Hole[],
  mask: Mask,
  least: number,
): (Hole & { readonly window: Box })[] {
  for (let joined = holes; ; ) {
    const windows = joined.map((hole) => windowOf(hole, mask, least));
    const next = joinOverlapping(joined, windows);
    if (next.length === joined.length)
      return joined.map((hole, k) => ({ ...hole, window: windows[k]! }));
    joined = next;
  }
}

/**
 * Holes that lie in a square of `side` together, as one: strip by strip from above, in each from
 * left to right. That is at most a small multiple of the fewest squares.
 */
function packed(holes: readonly Hole[], side: number): Hole[] {
  const squares: Hole[] = [];
  let rest = [...holes].sort((a, b) => a.top - b.top);
  while (rest.length > 0) {
    const end = rest[0]!.top + side;
    const isIn = (hole: Hole) => hole.top + hole.height <= end;
    const strip = rest.filter(isIn).sort((a, b) => a.left - b.left);
    rest = rest.filter((hole) => !isIn(hole));
    let start = Number.NEGATIVE_INFINITY;
    for (const hole of strip) {
      if (endOf(hole) - start <= side) {
        squares.push(union(squares.pop()!, hole));
      } else {
        squares.push(hole);
        start = hole.left;
      }
    }
  }
  return squares;
}

/** Whether the hole lies in the window, and not at a border at which the picture goes on. */
function holds(window: Box, hole: Box, margin: number, { width, height }: Mask): boolean {
  const lies = (start: number, length: number, from: number, size: number, whole: number) =>
    start >= (from === 0 ? 0 : from + margin) &&
    start + length <= (from + size === whole ? whole : from + size - margin);
  return (
    lies(hole.left, hole.width, window.left, window.width, width) &&
    lies(hole.top, hole.height, window.top, window.height, height)
  );
}

/** Joins the boxes whose windows overlap, directly or by way of others. */
function joinOverlapping(boxes: readonly Hole[], windows: readonly Box[]): Hole[] {
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
  const joined = new Map<number, Hole>();
  for (const [k, box] of boxes.entries()) {
    const others = joined.get(first(k));
    joined.set(first(k), others === undefined ? box : union(others, box));
  }
  return [...joined.values()];
}

/** A window in which the box has its surroundings. */
function windowOf(box: Box, mask: Mask, least: number): Box {
  const side = Math.ceil(surroundings * Math.max(box.width, box.height));
  return squareAround(box, mask, Math.max(least, side));
}

/** A square around the box where the picture is large enough, otherwise as much as there is. */
function squareAround(box: Box, { width, height }: Mask, side: number): Box {
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

function union(a: Hole, b: Hole): Hole {
  const [left, top] = [Math.min(a.left, b.left), Math.min(a.top, b.top)];
  return {
    left,
    top,
    width: Math.max(endOf(a), endOf(b)) - left,
    height: Math.max(a.top + a.height, b.top + b.height) - top,
    groups: [...a.groups, ...b.groups],
  };
}

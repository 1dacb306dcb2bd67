/** The separate holes of a mask, each with the surroundings that the network is shown. */
import { type Box, createMask, type Mask } from "../images/image.ts";

export interface Hole {
  /** This hole's pixels alone, at the size of the whole mask. */
  readonly mask: Mask;
  /** What is looked at to fill it. */
  readonly window: Box;
}

/** The window's side in sides of the hole: the hole then covers at most 40 % of it, as in training. */
const surroundings = 1.6;

/**
 * Connected holes, in the order of their first pixels; those whose windows overlap are filled as one,
 * as each would otherwise see the other one empty.
 * @param least windows have at least this many pixels a side where the picture has them
 */
export function separateHoles(mask: Mask, least: number): Hole[] {
  const { labels, boxes } = components(mask);
  const groups = boxes.map((box, k) => ({ box, members: new Set([k + 1]) }));
  for (let merged = true; merged; ) {
    merged = false;
    for (let a = 0; a < groups.length && !merged; a++) {
      for (let b = a + 1; b < groups.length && !merged; b++) {
        const [one, other] = [groups[a]!, groups[b]!];
        if (!overlap(windowOf(one.box, mask, least), windowOf(other.box, mask, least))) continue;
        groups[a] = {
          box: union(one.box, other.box),
          members: new Set([...one.members, ...other.members]),
        };
        groups.splice(b, 1);
        merged = true;
      }
    }
  }
  return groups.map(({ box, members }) => {
    const own = createMask(mask.width, mask.height);
    labels.forEach((label, i) => {
      if (members.has(label)) own.data[i] = 1;
    });
    return { mask: own, window: windowOf(box, mask, least) };
  });
}

/** Labels of 8-connected pixels from 1 up (0: known), and the box of each label. */
function components({ width, height, data }: Mask): { labels: Int32Array; boxes: Box[] } {
  const labels = new Int32Array(data.length);
  const boxes: Box[] = [];
  const waiting: number[] = [];
  for (let start = 0; start < data.length; start++) {
    if (data[start] !== 1 || labels[start] !== 0) continue;
    const label = boxes.length + 1;
    let [left, right, top, bottom] = [width, -1, height, -1];
    labels[start] = label;
    waiting.push(start);
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (data[next] !== 1 || labels[next] !== 0) continue;
          labels[next] = label;
          waiting.push(next);
        }
      }
    }
    boxes.push({ left, top, width: right - left + 1, height: bottom - top + 1 });
  }
  return { labels, boxes };
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

function overlap(a: Box, b: Box): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}

function union(a: Box, b: Box): Box {
  const [left, top] = [Math.min(a.left, b.left), Math.min(a.top, b.top)];
  return {
    left,
    top,
    width: Math.max(a.left + a.width, b.left + b.width) - left,
    height: Math.max(a.top + a.height, b.top + b.height) - top,
  };
}

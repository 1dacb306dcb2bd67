/**
 * Undo and redo of a mask without end: each edit keeps the box it changed as runs, some bytes a
 * row.
 */
import type { Box } from "../../../image/image.ts";
import { isEmpty, type MaskBitmap } from "./bitmap.ts";

/** What a box held: lengths of runs, row after row, the first of zeros. */
interface Patch {
  readonly box: Box;
  readonly runs: Uint32Array;
}

export interface MaskHistory {
  readonly past: readonly Patch[];
  readonly future: readonly Patch[];
}

export const noEdits: MaskHistory = { past: [], future: [] };

/** An edit was made; `before` is the mask's data before it. */
export function recordEdit(
  history: MaskHistory,
  mask: MaskBitmap,
  before: Uint8Array,
  box: Box,
): MaskHistory {
  if (isEmpty(box)) return history;
  return { past: [...history.past, pack(before, mask.width, box)], future: [] };
}

/** Takes the last edit back in `mask`. */
export function undoEdit(history: MaskHistory, mask: MaskBitmap): [MaskHistory, Box] | undefined {
  const last = history.past.at(-1);
  if (last === undefined) return undefined;
  const undone = swap(mask, last);
  return [{ past: history.past.slice(0, -1), future: [...history.future, undone] }, last.box];
}

/** Makes the edit that was taken back last once more. */
export function redoEdit(history: MaskHistory, mask: MaskBitmap): [MaskHistory, Box] | undefined {
  const next = history.future.at(-1);
  if (next === undefined) return undefined;
  const done = swap(mask, next);
  return [{ past: [...history.past, done], future: history.future.slice(0, -1) }, next.box];
}

/** Puts a patch in and hands back what was there. */
function swap(mask: MaskBitmap, patch: Patch): Patch {
  const present = pack(mask.data, mask.width, patch.box);
  unpack(mask, patch);
  return present;
}

function pack(data: Uint8Array, stride: number, box: Box): Patch {
  const runs: number[] = [];
  let [value, length] = [0, 0];
  for (let y = box.top; y < box.top + box.height; y++) {
    for (let x = box.left; x < box.left + box.width; x++) {
      const pixel = data[y * stride + x]!;
      if (pixel !== value) {
        runs.push(length);
        [value, length] = [pixel, 0];
      }
      length++;
    }
  }
  runs.push(length);
  return { box, runs: Uint32Array.from(runs) };
}

function unpack({ data, width: stride }: MaskBitmap, { box, runs }: Patch): void {
  let [x, y, value] = [box.left, box.top, 0];
  const right = box.left + box.width;
  for (let length of runs) {
    while (length > 0) {
      const count = Math.min(length, right - x);
      data.fill(value, y * stride + x, y * stride + x + count);
      length -= count;
      x += count;
      if (x === right) [x, y] = [box.left, y + 1];
    }
    value = 1 - value;
  }
}

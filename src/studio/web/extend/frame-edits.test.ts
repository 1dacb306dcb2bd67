import { expect, it } from "vitest";
import { noMargins } from "./frame.ts";
import { FrameEdits } from "./frame-edits.ts";

const right = (pixels: number) => ({ ...noMargins, right: pixels });

it("undoes and redoes edits, a drag as one of them, and forgets what a new one replaces", () => {
  const frame = new FrameEdits();
  expect([frame.undo(), frame.canUndo.value]).toEqual([false, false]);
  frame.set(right(10));
  frame.begin();
  for (const pixels of [11, 15, 20]) frame.drag(right(pixels));
  frame.end();
  const seen = [frame.undo, frame.undo, frame.redo, frame.redo].map((move) => {
    expect(move.call(frame)).toBe(true);
    return frame.margins.value.right;
  });
  expect(seen).toEqual([10, 0, 10, 20]);
  expect([frame.redo(), frame.canRedo.value]).toEqual([false, false]);
  frame.undo();
  frame.set(right(30));
  expect([frame.canRedo.value, frame.undo(), frame.margins.value.right]).toEqual([false, true, 10]);
  frame.reset();
  expect([frame.canUndo.value, frame.canRedo.value, frame.margins.value]).toEqual([
    false,
    false,
    noMargins,
  ]);
});

it("takes what changes nothing for no edit", () => {
  const frame = new FrameEdits();
  frame.set(noMargins);
  frame.begin();
  frame.drag(right(5));
  frame.drag(noMargins);
  frame.end();
  expect(frame.canUndo.value).toBe(false);
});

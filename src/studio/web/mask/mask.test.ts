import { describe, expect, it } from "vitest";
import {
  createBitmap,
  fillAll,
  filledShare,
  fillPolygon,
  fillRectangle,
  fillStroke,
  invert,
  type MaskBitmap,
} from "./bitmap.ts";
import { noEdits, recordEdit, redoEdit, undoEdit } from "./mask-history.ts";
import { grow, shrink } from "./morphology.ts";

/** Rows of a mask, "#" where it is to be filled. */
function drawn({ width, height, data }: MaskBitmap): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from(data.subarray(y * width, (y + 1) * width), (value) => ".#"[value]).join(""),
  );
}

describe("shapes", () => {
  it("fills the pixels whose centres are in the stroke, with round ends", () => {
    const mask = createBitmap(8, 5);
    const box = fillStroke(mask, { x: 2.5, y: 2.5 }, { x: 5.5, y: 2.5 }, 1.5, 1);
    expect(drawn(mask)).toEqual(["........", ".######.", ".######.", ".######.", "........"]);
    expect(box).toEqual({ left: 1, top: 1, width: 6, height: 3 });
  });

  it("leaves no gap along a slanted stroke", () => {
    const mask = createBitmap(64, 64);
    fillStroke(mask, { x: 3, y: 5 }, { x: 60, y: 41 }, 2, 1);
    for (let x = 4; x < 60; x++) {
      const y = Math.floor(5 + ((x + 0.5 - 3) / 57) * 36);
      expect(mask.data[y * 64 + x]).toBe(1);
    }
  });

  it("marks a pixel by the smallest brush", () => {
    const mask = createBitmap(3, 3);
    fillStroke(mask, { x: 1.5, y: 1.5 }, { x: 1.5, y: 1.5 }, 0, 1);
    expect(drawn(mask)).toEqual(["...", ".#.", "..."]);
  });

  it("draws rectangles from any corner and stays inside", () => {
    const mask = createBitmap(5, 4);
    const box = fillRectangle(mask, { x: 9, y: 3 }, { x: 3, y: 1 }, 1);
    expect(drawn(mask)).toEqual([".....", "...##", "...##", "....."]);
    expect(box).toEqual({ left: 3, top: 1, width: 2, height: 2 });
  });

  it("fills a lasso that crosses itself by the even-odd rule", () => {
    const mask = createBitmap(6, 6);
    const square = (a: number, b: number) => [
      { x: a, y: a },
      { x: b, y: a },
      { x: b, y: b },
      { x: a, y: b },
      { x: a, y: a },
    ];
    fillPolygon(mask, [...square(0, 6), ...square(2, 4)], 1);
    expect(drawn(mask)).toEqual(["######", "######", "##..##", "##..##", "######", "######"]);
  });

  it("erases, inverts and measures", () => {
    const mask = createBitmap(4, 4);
    fillAll(mask, 1);
    fillRectangle(mask, { x: 0, y: 0 }, { x: 4, y: 1 }, 0);
    expect(filledShare(mask)).toBe(0.75);
    invert(mask);
    expect(drawn(mask)).toEqual(["####", "....", "....", "...."]);
  });
});

describe("grow and shrink", () => {
  it("grows a pixel to a disc, and shrinks it back", () => {
    const mask = createBitmap(7, 7);
    mask.data[3 * 7 + 3] = 1;
    grow(mask, 2);
    expect(drawn(mask)).toEqual([
      ".......",
      "...#...",
      "..###..",
      ".#####.",
      "..###..",
      "...#...",
      ".......",
    ]);
    shrink(mask, 2);
    expect(filledShare(mask)).toBeCloseTo(1 / 49);
  });

  it("takes nothing away at the picture's edge", () => {
    const mask = createBitmap(4, 4);
    fillAll(mask, 1);
    shrink(mask, 2);
    expect(filledShare(mask)).toBe(1);
  });
});

describe("undo and redo", () => {
  it("goes back through any number of edits and forth again", () => {
    const mask = createBitmap(40, 30);
    let history = noEdits;
    const states = [mask.data.join("")];
    for (let k = 0; k < 100; k++) {
      const before = mask.data.slice();
      const at = { x: (k * 7) % 40, y: (k * 5) % 30 };
      const box = fillStroke(mask, at, { x: at.y, y: at.x }, 3, k % 3 === 0 ? 0 : 1);
      history = recordEdit(history, mask, before, box);
      states.push(mask.data.join(""));
    }
    for (let k = states.length - 2; k >= 0; k--) {
      history = undoEdit(history, mask)![0];
      expect(mask.data.join("")).toBe(states[k]);
    }
    expect(undoEdit(history, mask)).toBeUndefined();
    for (let k = 1; k < states.length; k++) {
      history = redoEdit(history, mask)![0];
      expect(mask.data.join("")).toBe(states[k]);
    }
    expect(redoEdit(history, mask)).toBeUndefined();
  });
});

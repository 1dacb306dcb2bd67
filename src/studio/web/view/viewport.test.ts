import { describe, expect, it } from "vitest";
import { cellAt, cellsOf } from "./cells.ts";
import { actualSize, fitBox, pinch, toPicture, toScreen, zoomAt } from "./viewport.ts";

const picture = { width: 600, height: 400 };
const view = { width: 348, height: 448 };
const whole = { left: 0, top: 0, ...picture };

describe("viewport", () => {
  it("fits the whole picture, centred", () => {
    expect(fitBox(whole, view)).toEqual({ scale: 0.5, left: 24, top: 124 });
  });

  it("fits a box that begins before the picture", () => {
    const viewport = fitBox({ left: -100, top: -50, width: 600, height: 400 }, view);
    expect(toScreen(viewport, { x: -100, y: -50 })).toEqual({ x: 24, y: 124 });
  });

  it("keeps the point under the pointer when it zooms", () => {
    const before = fitBox(whole, view);
    const at = { x: 77, y: 133 };
    const after = zoomAt(before, at, 1.7, picture);
    expect(after.scale).toBeCloseTo(0.85);
    const [a, b] = [toPicture(before, at), toPicture(after, at)];
    expect(b.x).toBeCloseTo(a.x);
    expect(b.y).toBeCloseTo(a.y);
  });

  it("shows a picture pixel as a device pixel", () => {
    expect(actualSize(fitBox(whole, view), view, picture, 2).scale).toBeCloseTo(0.5);
  });

  it("keeps what lies under both fingers", () => {
    const before = fitBox(whole, view);
    const fingers = [
      { x: 100, y: 200 },
      { x: 200, y: 200 },
    ] as const;
    const moved = [
      { x: 50, y: 260 },
      { x: 250, y: 260 },
    ] as const;
    const after = pinch(before, fingers, moved, picture);
    expect(after.scale).toBeCloseTo(1);
    expect(toPicture(after, moved[0]).x).toBeCloseTo(toPicture(before, fingers[0]).x);
    expect(toPicture(after, moved[1]).y).toBeCloseTo(toPicture(before, fingers[1]).y);
  });
});

describe("cells", () => {
  it("puts wide pictures below each other in a tall view, tall ones beside each other", () => {
    const tall = { width: 400, height: 800 };
    expect(cellsOf(2, tall, { width: 300, height: 100 }).map(({ left }) => left)).toEqual([0, 0]);
    expect(cellsOf(2, tall, { width: 100, height: 800 }).map(({ top }) => top)).toEqual([0, 0]);
  });

  it("finds the cell under a point, and none in a gap", () => {
    const cells = cellsOf(4, { width: 206, height: 206 }, { width: 100, height: 100 });
    expect(cellAt(cells, 150, 150)).toBe(3);
    expect(cellAt(cells, 102, 50)).toBeUndefined();
  });
});

/** What a pointer, or the keys in its place, draws into a mask from down to up. */
import type { Point } from "../view/viewport.ts";
import { fillPolygon, fillRectangle, fillStroke, type MaskValue } from "./bitmap.ts";
import type { MaskLayer } from "./mask-layer.ts";

export const maskTools = ["brush", "eraser", "rectangle", "lasso"] as const;
export type MaskTool = (typeof maskTools)[number];

export interface Drawing {
  /** @param straight a line from where the stroke began; of a rectangle, a square */
  move(to: Point, straight: boolean): void;
  end(): void;
  cancel(): void;
}

export interface DrawingOptions {
  readonly tool: MaskTool;
  /** Of the brush and the eraser, photo pixels. */
  readonly diameter: number;
  /** Takes away instead of adding. */
  readonly erase: boolean;
  /** Where the last stroke ended: a straight line goes on from there. */
  readonly from?: Point;
}

/** Begins to draw at a point of the photo. */
export function startDrawing(layer: MaskLayer, at: Point, options: DrawingOptions): Drawing {
  const { tool, diameter, erase, from } = options;
  const value: MaskValue = erase !== (tool === "eraser") ? 0 : 1;
  const scaled = ({ x, y }: Point): Point => ({ x: x * layer.scale, y: y * layer.scale });
  const start = scaled(at);
  layer.begin();
  const finish = { end: () => layer.end(), cancel: () => layer.cancel() };

  if (tool === "rectangle") {
    return {
      move(to, square) {
        layer.restart();
        const corner = square ? squareCorner(start, scaled(to)) : scaled(to);
        layer.touch(fillRectangle(layer.bitmap, start, corner, value));
      },
      ...finish,
    };
  }
  if (tool === "lasso") {
    const points = [start];
    let drawn = 1;
    return {
      move(to, straight) {
        layer.restart();
        if (straight) points.length = drawn;
        points.push(scaled(to));
        if (!straight) drawn = points.length;
        layer.touch(fillPolygon(layer.bitmap, points, value));
      },
      ...finish,
    };
  }
  const radius = (diameter / 2) * layer.scale;
  const stroke = (a: Point, b: Point) => layer.touch(fillStroke(layer.bitmap, a, b, radius, value));
  const origin = from === undefined ? start : scaled(from);
  stroke(origin, start);
  let last = start;
  return {
    move(to, straight) {
      const next = scaled(to);
      if (straight) {
        layer.restart();
        stroke(origin, next);
      } else {
        stroke(last, next);
      }
      last = next;
    },
    ...finish,
  };
}

function squareCorner(start: Point, to: Point): Point {
  const side = Math.max(Math.abs(to.x - start.x), Math.abs(to.y - start.y));
  return {
    x: start.x + Math.sign(to.x - start.x) * side,
    y: start.y + Math.sign(to.y - start.y) * side,
  };
}

/**
 * Where a picture lies on the screen: screen = picture * scale + (left, top), both in CSS pixels.
 * Pure arithmetic.
 */
import type { Box } from "../../../image/image.ts";
import type { Size } from "../../../image/model-size.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Viewport {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** One picture pixel is at most this many CSS pixels. */
const largestScale = 32;
/** A picture is never smaller than this on the screen. */
const smallestSide = 24;

/** The whole of `box` (in picture pixels) centred in the view, enlarged at most to `limit`. */
export function fitBox(box: Box, view: Size, padding = 24, limit = 4): Viewport {
  const inner = {
    width: Math.max(1, view.width - 2 * padding),
    height: Math.max(1, view.height - 2 * padding),
  };
  const scale = Math.min(inner.width / box.width, inner.height / box.height, limit);
  return {
    scale,
    left: (view.width - box.width * scale) / 2 - box.left * scale,
    top: (view.height - box.height * scale) / 2 - box.top * scale,
  };
}

export function toPicture({ scale, left, top }: Viewport, { x, y }: Point): Point {
  return { x: (x - left) / scale, y: (y - top) / scale };
}

export function toScreen({ scale, left, top }: Viewport, { x, y }: Point): Point {
  return { x: x * scale + left, y: y * scale + top };
}

export function pan(viewport: Viewport, dx: number, dy: number): Viewport {
  return { ...viewport, left: viewport.left + dx, top: viewport.top + dy };
}

/** Zooms so that the picture's point under `at` (on the screen) stays there. */
export function zoomAt(viewport: Viewport, at: Point, factor: number, picture: Size): Viewport {
  const least = smallestSide / Math.max(picture.width, picture.height, 1);
  const scale = Math.min(largestScale, Math.max(least, viewport.scale * factor));
  const under = toPicture(viewport, at);
  return { scale, left: at.x - under.x * scale, top: at.y - under.y * scale };
}

/** One picture pixel is one device pixel, around the view's centre. */
export function actualSize(
  viewport: Viewport,
  view: Size,
  picture: Size,
  pixelRatio: number,
): Viewport {
  const centre = { x: view.width / 2, y: view.height / 2 };
  return zoomAt(viewport, centre, 1 / pixelRatio / viewport.scale, picture);
}

/** Two fingers moved: what lay under them lies under them still. */
export function pinch(
  viewport: Viewport,
  before: readonly [Point, Point],
  after: readonly [Point, Point],
  picture: Size,
): Viewport {
  const [from, to] = [middle(before), middle(after)];
  const apart = Math.max(1, distance(before));
  const moved = pan(viewport, to.x - from.x, to.y - from.y);
  return zoomAt(moved, to, distance(after) / apart, picture);
}

function middle([a, b]: readonly [Point, Point]): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function distance([a, b]: readonly [Point, Point]): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

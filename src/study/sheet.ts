/**
 * A trial is one picture file, its sheet: what was degraded (where it is shown), the left and the
 * right picture, side by side at one size. Both come through the same resize and the same encoder
 * in one file, so that no name, size, header or moment of arrival belongs to one of them alone.
 */
import { createImage, type Image, paste } from "../image/image.ts";
import { resize } from "../image/resize.ts";
import type { Random } from "../util/random.ts";
import type { Side } from "./design.ts";

export interface PairOfPictures {
  readonly truth: Image;
  readonly answer: Image;
  /** Shown before the two. */
  readonly input?: Image;
}

/** @param side of each of the pictures, in pixels */
export function sheetOf({ truth, answer, input }: PairOfPictures, at: Side, side: number): Image {
  const [left, right] = at === "left" ? [truth, answer] : [answer, truth];
  const tiles = input === undefined ? [left, right] : [input, left, right];
  const sheet = createImage(tiles.length * side, side);
  for (const [k, tile] of tiles.entries()) paste(sheet, resize(tile, side, side), k * side, 0);
  return sheet;
}

/** The least multiple of the models' side that is at least 256 pixels. */
export function shownSide(resolution: number): number {
  return resolution * Math.ceil(256 / resolution);
}

/** A photo in coarse blocks with strong noise: nobody who looks takes it for the camera's. */
export function plainlyWrong(truth: Image, random: Random): Image {
  const { width, height } = truth;
  const block = Math.max(1, Math.ceil(width / 8));
  const data = truth.data.map((_, i) => {
    const plane = i - (i % (width * height));
    const [x, y] = [i % width, Math.floor((i - plane) / width)];
    const corner = plane + (y - (y % block)) * width + (x - (x % block));
    return Math.min(1, Math.max(-1, truth.data[corner]! + 0.5 * random.normal()));
  });
  return { width, height, data };
}

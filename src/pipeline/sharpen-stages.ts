/** In which stages a filling is sharpened, and in which parts a stage goes through the network. */

import type { Box, Mask } from "../image/image.ts";
import { clearBox, cropMask, fitMask, maskAtLeast } from "../image/mask.ts";
import type { Size } from "../image/model-size.ts";
import type { ModelConfig } from "../models/config.ts";
import { defaultWindow, type SamplingWindow } from "../models/settings/sampling.ts";
import { countWindows } from "../runtime/tiled.ts";
import type { EnlargedFill } from "../tasks/task.ts";

/** A filling that was enlarged by less is sharp enough. */
const leastScale = 1.2;
/** How many times finer than the one before a stage is at least. */
const finer = 2;
/** Side of what is sampled at a time, without its surroundings: bounds the memory. */
const mostSide = 1024;
/** Pixels around what is filled that the network sees at least, where the picture has them. */
const surroundings = 16;

/** What of a stage is sampled at a time; boxes in the stage's pixels. */
export interface Part {
  /** What the network sees. */
  readonly seen: Box;
  /** What is taken of its answer, where it is filled. */
  readonly made: Box;
  /** Windows that a network call takes. */
  readonly windows: number;
}

/** A filling at one scale: the size of its box, and the parts in their order. */
export interface Stage extends Size {
  readonly filling: EnlargedFill;
  readonly parts: readonly Part[];
}

/** The stages of a filling, from coarse to the picture's own pixels; none where it is sharp. */
export function stagesOf(filling: EnlargedFill, config: ModelConfig): Stage[] {
  const { box, scale } = filling;
  if (scale < leastScale) return [];
  // The last bit of a logarithm does not make another stage.
  const count = Math.max(1, Math.floor(Math.log(scale) / Math.log(finer) + 1e-6));
  return Array.from({ length: count }, (_, k) => {
    const factor = scale ** ((k + 1) / count - 1);
    const size = {
      width: Math.max(1, Math.round(box.width * factor)),
      height: Math.max(1, Math.round(box.height * factor)),
    };
    return { filling, ...size, parts: partsOf(holeAt(filling, size), config) };
  });
}

/** What is filled, at a stage's size: a mask of its own. */
export function holeAt({ fill }: EnlargedFill, { width, height }: Size): Mask {
  const all = { left: 0, top: 0, width: fill.width, height: fill.height };
  return fitMask(fill, all, width, height);
}

/** The part of a stage's mask that is shown to a network of this resolution. */
export function seenMask(hole: Mask, seen: Box, resolution: number): Mask {
  return maskAtLeast(cropMask(hole, seen), resolution);
}

/** What one part has made is known to the next; `hole` is empty afterwards. */
function partsOf(hole: Mask, config: ModelConfig): Part[] {
  const { resolution } = config.network;
  const window = config.sampling?.window ?? defaultWindow(config.network);
  const parts: Part[] = [];
  for (const [top, height] of spans(hole.height)) {
    for (const [left, width] of spans(hole.width)) {
      const made = filledBox(hole, { left, top, width, height });
      if (made === undefined) continue;
      const across = surrounded(made.left, made.width, hole.width, window);
      const down = surrounded(made.top, made.height, hole.height, window);
      const seen = {
        ...{ left: across.start, width: across.length },
        ...{ top: down.start, height: down.length },
      };
      const windows = countWindows(config, seenMask(hole, seen, resolution));
      parts.push({ seen, made, windows });
      clearBox(hole, made);
    }
  }
  return parts;
}

/** Spans of nearly one length, at most `mostSide`. */
function spans(length: number): (readonly [start: number, length: number])[] {
  const count = Math.ceil(length / mostSide);
  const start = (k: number) => Math.round((k * length) / count);
  return Array.from({ length: count }, (_, k) => [start(k), start(k + 1) - start(k)]);
}

/** The smallest box that holds all that is filled in `within`; undefined where nothing is. */
function filledBox({ width, data }: Mask, within: Box): Box | undefined {
  let [first, last, top, bottom] = [within.width, -1, -1, -1];
  for (let y = within.top; y < within.top + within.height; y++) {
    const start = y * width + within.left;
    const row = data.subarray(start, start + within.width);
    if (!row.includes(1)) continue;
    if (top < 0) top = y;
    bottom = y;
    first = Math.min(first, row.indexOf(1));
    last = Math.max(last, row.lastIndexOf(1));
  }
  if (top < 0) return undefined;
  return { left: within.left + first, top, width: last - first + 1, height: bottom - top + 1 };
}

/** A line of pixels with its surroundings, as long as whole windows are where there is room. */
function surrounded(
  start: number,
  length: number,
  whole: number,
  { side, overlap }: SamplingWindow,
): { readonly start: number; readonly length: number } {
  const step = side - overlap;
  const windows = Math.max(1, Math.ceil((length + 2 * surroundings - overlap) / step));
  const size = Math.min(whole, windows * step + overlap);
  const middle = start + length / 2;
  return {
    start: Math.min(whole - size, Math.max(0, Math.round(middle - size / 2))),
    length: size,
  };
}

/**
 * The holes of the inpainting tables (paper, Tables 2 and 9): free-form masks by their share of the
 * picture, and the central square. The paper's own masks are a file of 10,000 at 256x256; these are
 * drawn anew, by the same algorithm, from the evaluation's seed.
 */

import { createMask, type Mask } from "../image/image.ts";
import { maskedShare } from "../image/mask.ts";
import { UsageError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";
import { freeFormMask } from "./free-form.ts";
import { rectangleMask } from "./rectangles.ts";

/** A kind of hole by its name: "freeform-LOW-HIGH" in percent of the picture, or "center". */
export interface MaskKind {
  readonly name: string;
  readonly title: string;
  /** 1 = to be filled. */
  make(width: number, height: number, random: Random): Mask;
}

export const paperMasks = ["freeform-10-20", "freeform-20-30", "freeform-30-40", "center"] as const;

/** @throws UsageError when the name is none of those of `MaskKind`. */
export function maskKind(name: string): MaskKind {
  if (name === "center") return { name, title: "center square", make: centerMask };
  const [, low, high] = (/^freeform-(\d+)-(\d+)$/.exec(name) ?? []).map(Number);
  if (low === undefined || high === undefined || low < 1 || high > 60 || high - low < 5) {
    throw new UsageError(
      `There is no kind of mask "${name}"; write ${paperMasks.join(", ")}, or freeform-LOW-HIGH with percents from 1 to 60, at least 5 apart.`,
    );
  }
  return {
    name,
    title: `${low}-${high} % free-form`,
    make: (width, height, random) => freeFormBetween(width, height, low / 100, high / 100, random),
  };
}

/** The central square of half the side: 128x128 of 256x256, a quarter of the picture. */
export function centerMask(width: number, height: number): Mask {
  const side = Math.round(Math.min(width, height) / 2);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  return rectangleMask(width, height, [{ left, top, width: side, height: side }]);
}

/**
 * Free-form masks are laid over each other until they cover at least `low` of the picture; if that
 * is more than `high`, all is drawn again.
 */
export function freeFormBetween(
  width: number,
  height: number,
  low: number,
  high: number,
  random: Random,
): Mask {
  for (;;) {
    const mask = createMask(width, height);
    while (maskedShare(mask) < low) {
      const more = freeFormMask(width, height, random);
      for (let i = 0; i < mask.data.length; i++) if (more.data[i] === 1) mask.data[i] = 1;
    }
    if (maskedShare(mask) <= high) return mask;
  }
}

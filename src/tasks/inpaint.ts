/** Inpainting: a hole is filled (paper, section 4.2). */

import { extrapolateKnown } from "../image/extrapolate.ts";
import type { Mask } from "../image/image.ts";
import { checkMaskSize, maskedShare } from "../image/mask.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";
import { freeFormMask } from "./free-form.ts";
import { type PreparedRegion, prepareRegion } from "./inpaint-region.ts";
import { noiseInMask } from "./mask-noise.ts";
import { maskWindows } from "./mask-windows.ts";
import { randomRectangles, rectangleMask } from "./rectangles.ts";
import type { Task } from "./task.ts";

/** The paper's mixture: 60 % free-form, the rest rectangles. */
export const freeFormShare = 0.6;

/** Below this, a rectangle of whole pixels cannot be counted on to cover 10 to 40 %. */
const smallestSide = 8;

export interface RandomMask {
  readonly mask: Mask;
  readonly kind: "free-form" | "rectangles";
}

/**
 * A training mask: free-form with probability 0.6, else rectangles.
 * @throws PaletteError below 8x8 pixels.
 */
export function randomMask(width: number, height: number, random: Random): RandomMask {
  if (Math.min(width, height) < smallestSide) {
    throw new PaletteError(
      `Random masks need at least ${smallestSide}x${smallestSide} pixels, not ${width}x${height}.`,
    );
  }
  if (random.uniform() < freeFormShare) {
    return { kind: "free-form", mask: freeFormMask(width, height, random) };
  }
  const boxes = randomRectangles(width, height, random);
  return { kind: "rectangles", mask: rectangleMask(width, height, boxes) };
}

/** x is the picture with N(0, 1) in the hole; the network is told of the hole by nothing else. */
export const inpaint: Task<"inpaint"> = {
  name: "inpaint",
  title: "Inpainting",
  description: "Fills the masked part of a photo.",

  async degrade(y, { random }, { mask: given } = {}) {
    if (given !== undefined) checkMaskSize(given, y.width, y.height);
    const { mask, kind } =
      given === undefined
        ? randomMask(y.width, y.height, random)
        : { mask: given, kind: "given mask" };
    return { x: noiseInMask(y, mask, random), mask, detail: describe(kind, mask) };
  },

  /** Hole by hole, each with its surroundings; the mask has the photo's size. */
  async prepare(photo, resolution, random, { mask } = {}) {
    if (mask === undefined) {
      throw new UsageError("Inpainting needs a mask whose white pixels are to be filled.");
    }
    checkMaskSize(mask, photo.width, photo.height);
    const windows = maskWindows(mask, resolution);
    if (windows.length === 0) {
      throw new PaletteError("The mask has no white pixel; paint white what is to be filled.");
    }
    const cleared = extrapolateKnown(photo, mask);
    const fillings: PreparedRegion[] = [];
    for (const window of windows) {
      fillings.push(await prepareRegion(cleared, mask, window, resolution, random));
    }
    const detail = describe("given mask", mask);
    return {
      conditions: fillings.map(({ condition }) => ({ ...condition, detail })),
      async finish(answers) {
        const out = { ...photo, data: photo.data.slice() };
        for (const [k, filling] of fillings.entries()) await filling.paste(out, answers[k]!);
        return out;
      },
    };
  },
};

function describe(kind: string, mask: Mask): string {
  return `${kind} ${Math.round(100 * maskedShare(mask))}%`;
}

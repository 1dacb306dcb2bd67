/** Inpainting: a hole is filled (paper, section 4.2). */
import { PaletteError, UsageError } from "../errors.ts";
import type { Mask } from "../images/image.ts";
import { checkMaskSize, fitMask, maskedShare } from "../images/mask.ts";
import { centreSquare, toSquare } from "../images/resize.ts";
import type { Random } from "../random.ts";
import { freeFormMask } from "./free-form.ts";
import { fillHole } from "./hole.ts";
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

  async degrade(y, random, { mask: given } = {}) {
    if (given !== undefined) checkMaskSize(given, y.width, y.height);
    const { mask, kind } =
      given === undefined
        ? randomMask(y.width, y.height, random)
        : { mask: given, kind: "given mask" };
    return { x: fillHole(y, mask, random), mask, detail: describe(kind, mask) };
  },

  /** The mask has the photo's size, and is cut and shrunk with it; or already the resolution's. */
  async condition(photo, resolution, random, { mask: given } = {}) {
    if (given === undefined) {
      throw new UsageError("Inpainting needs a mask whose white pixels are to be filled.");
    }
    const fits = given.width === resolution && given.height === resolution;
    if (!fits) checkMaskSize(given, photo.width, photo.height);
    if (maskedShare(given) === 0) {
      throw new PaletteError("The mask has no white pixel; paint white what is to be filled.");
    }
    const mask = fits
      ? given
      : fitMask(given, centreSquare(given.width, given.height), resolution, resolution);
    if (maskedShare(mask) === 0) {
      throw new PaletteError(
        "The mask's white pixels lie outside the photo's central square, which is all the model sees; crop the photo around them first.",
      );
    }
    const y = await toSquare(photo, resolution);
    return { x: fillHole(y, mask, random), mask, detail: describe("given mask", mask) };
  },
};

function describe(kind: string, mask: Mask): string {
  return `${kind} ${Math.round(100 * maskedShare(mask))}%`;
}

/** Inpainting: a hole is filled (paper, section 4.2). */

import { extrapolateKnown } from "../image/extrapolate.ts";
import type { Image, Mask } from "../image/image.ts";
import { checkMask, checkMaskSize, maskedShare, maskRule } from "../image/mask.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { giveBack } from "../util/give-back.ts";
import type { Random } from "../util/random.ts";
import { maskKind, paperMasks } from "./evaluation-masks.ts";
import { freeFormMask } from "./free-form.ts";
import { type PreparedRegion, prepareRegion } from "./inpaint-region.ts";
import { noiseInMask } from "./mask-noise.ts";
import { maskWindows } from "./mask-windows.ts";
import { randomRectangles, rectangleMask } from "./rectangles.ts";
import type { Task } from "./task.ts";

/** The paper's mixture: 60 % free-form, the rest rectangles. */
const freeFormShare = 0.6;

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

export type InpaintOptions = {
  /** 1 = to be filled; at the size of the image. */
  readonly mask?: Mask;
};

/** x is the picture with N(0, 1) in the hole; the network is told of the hole by nothing else. */
export const inpaint: Task<"inpaint", InpaintOptions> = {
  name: "inpaint",
  title: "Inpainting",
  description: "Fills the masked part of a photo.",
  copies: 2.6,
  optionNames: ["mask"],
  keepsPixels: true,
  enlargesFills: true,

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
      throw new UsageError(
        "Inpainting needs a mask, whose value is 1 where the image is to be filled.",
      );
    }
    checkMask(mask, photo.width, photo.height);
    const windows = maskWindows(mask, resolution);
    if (windows.length === 0) {
      throw new PaletteError("The mask fills nothing; give the value 1 to what is to be filled.");
    }
    const cleared = extrapolateKnown(photo, mask);
    const regions: PreparedRegion[] = [];
    for (const window of windows) {
      regions.push(await prepareRegion(cleared, mask, window, resolution, random));
    }
    giveBack(cleared.data);
    const detail = describe("given mask", mask);
    return {
      conditions: regions.map(({ condition }) => ({ ...condition, detail })),
      enlarged: regions.flatMap(({ enlarged }) => enlarged ?? []),
      async finish(samples) {
        const out = { ...photo, data: photo.data.slice() };
        for (const [k, region] of regions.entries()) await region.paste(out, samples[k]!);
        return out;
      },
    };
  },

  cliOptions: [
    {
      name: "mask",
      value: "file",
      description: `image that says what is to be filled: ${maskRule}; several are joined; a folder: a mask for each photo, of its name; \`alpha\`: what is transparent in the photo; \`random\`: a mask as in training`,
      required: true,
      kind: "mask",
      random: (width, height, random) => randomMask(width, height, random).mask,
    },
  ],

  variants: {
    name: "masks",
    value: "kinds",
    description: "holes to inpaint",
    kind: "text",
    defaults: paperMasks,
    variant(value) {
      const { name, title, make } = maskKind(String(value));
      return {
        id: name,
        title,
        options: (width, height, random) => ({ mask: make(width, height, random) }),
      };
    },
  },

  /** Filled pixels are opaque. */
  resultAlpha: (alpha, _photo, { mask }) =>
    alpha.map((value, i) => (mask?.data[i] === 1 ? 255 : value)),

  async demonstrate(photo, { random }) {
    const { mask, kind } = randomMask(photo.width, photo.height, random);
    const shown = withGrayHole(photo, mask);
    return { truth: photo, shown, input: shown, options: { mask }, detail: `${kind} hole` };
  },
};

/** The image with middle gray in the hole: a hole shown as noise would look like a fault. */
function withGrayHole(image: Image, mask: Mask): Image {
  const pixels = image.width * image.height;
  return { ...image, data: image.data.map((v, i) => (mask.data[i % pixels] === 1 ? 0 : v)) };
}

function describe(kind: string, mask: Mask): string {
  return `${kind} ${Math.round(100 * maskedShare(mask))}%`;
}

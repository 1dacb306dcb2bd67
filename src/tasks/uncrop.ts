/**
 * Uncropping: the photo is continued beyond its edges (paper, section 4.3). Half of the picture is
 * always missing: one side of it, or a border all around.
 */

import {
  type Box,
  createImage,
  createMask,
  crop,
  extend,
  type Image,
  type Mask,
  maximalPixels,
  paste,
} from "../image/image.ts";
import { clearBox } from "../image/mask.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";
import {
  defaultRatio,
  grown,
  mostGrowth,
  noSuchSide,
  oneSide,
  parseTarget,
  placed,
  type Side,
  sides,
  type UncropOptions,
} from "./growth.ts";
import { prepareRegion } from "./inpaint-region.ts";
import { noiseInMask } from "./mask-noise.ts";
import type { Condition, Task } from "./task.ts";

/**
 * The training choice: one side or all around with equal probability, and then each of the four
 * sides with equal probability.
 */
export function randomSide(random: Random): Side {
  return random.uniform() < 0.5 ? "all" : random.pick(oneSide);
}

/**
 * The known part of a picture when `side` is grown: exactly the opposite half, or for "all" the
 * centred square of side round(resolution / sqrt 2), which is as near to half the area as whole
 * pixels allow. (Of an odd number of rows or columns the known part has the larger half.)
 */
export function knownBox(width: number, height: number, side: Side): Box {
  const across = Math.ceil(width / 2);
  const down = Math.ceil(height / 2);
  switch (side) {
    case "left":
      return { left: width - across, top: 0, width: across, height };
    case "right":
      return { left: 0, top: 0, width: across, height };
    case "top":
      return { left: 0, top: height - down, width, height: down };
    case "bottom":
      return { left: 0, top: 0, width, height: down };
    case "all": {
      const innerWidth = Math.round(width * Math.SQRT1_2);
      const innerHeight = Math.round(height * Math.SQRT1_2);
      return {
        left: Math.floor((width - innerWidth) / 2),
        top: Math.floor((height - innerHeight) / 2),
        width: innerWidth,
        height: innerHeight,
      };
    }
    default:
      throw noSuchSide(side);
  }
}

/** 0 in the known part, 1 in what is grown: for "all" the border, not the middle. */
export function uncropMask(width: number, height: number, side: Side): Mask {
  const mask = createMask(width, height, 1);
  clearBox(mask, knownBox(width, height, side));
  return mask;
}

/** The known part of `y` with N(0, 1) in what is grown at `side`. */
export function uncropCondition(y: Image, side: Side, random: Random): Condition {
  const mask = uncropMask(y.width, y.height, side);
  return { x: noiseInMask(y, mask, random), mask, detail: side };
}

/** x is the known part with N(0, 1) around or beside it. */
export const uncrop: Task<"uncrop", UncropOptions> = {
  name: "uncrop",
  title: "Uncropping",
  description: "Continues a photo beyond one edge, several, or all of them.",
  copies: 3.5,
  optionNames: ["side", "ratio", "to", "margins"],
  keepsPixels: true,
  enlargesFills: true,

  async degrade(y, { random }, { side = randomSide(random) } = {}) {
    if (typeof side !== "string") throw new UsageError("One side is learned at a time, or all.");
    return uncropCondition(y, side, random);
  },

  async prepare(photo, resolution, random, options = {}) {
    const { to, margins, side = to === undefined && margins === undefined ? [] : "all" } = options;
    const { width, height, photo: place } = placed(photo, { ...options, side });
    if (width * height > maximalPixels) {
      throw new PaletteError(
        `The photo would grow to ${width}x${height} pixels, but pictures end at 268 megapixels; grow it by less, or take a smaller photo.`,
      );
    }
    const canvas = extend(photo, place.left, place.top, width, height);
    const mask = createMask(width, height, 1);
    clearBox(mask, place);
    const whole = { left: 0, top: 0, width, height };
    const region = await prepareRegion(canvas, mask, whole, resolution, random);
    return {
      conditions: [{ ...region.condition, detail: margins ? "margins" : [side].flat().join("+") }],
      ...(region.enlarged && { enlarged: [region.enlarged] }),
      async finish([sample]) {
        const out = { ...canvas, data: canvas.data.slice() };
        await region.paste(out, sample!);
        return out;
      },
    };
  },

  cliOptions: [
    {
      name: "side",
      value: "name",
      description: "where the photo is continued; several may be given",
      kind: "choice",
      choices: sides,
      default: "all",
      several: true,
    },
    {
      name: "ratio",
      value: "share",
      description: "by how much of its width or height the photo grows",
      kind: "number",
      least: 0,
      above: true,
      most: mostGrowth,
      default: defaultRatio,
    },
    {
      name: "to",
      value: "target",
      description: "instead: the aspect ratio (16:9) or the size (1920x1080) of the result",
      kind: "text",
      conflicts: ["ratio"],
      check: parseTarget,
    },
  ],

  variants: {
    name: "sides",
    value: "names",
    description: "sides to uncrop",
    kind: "text",
    defaults: ["right"],
    variant(value) {
      const side = sides.find((one) => one === value);
      if (side === undefined) throw noSuchSide(String(value));
      return { id: side, title: titleOf(side), options: () => ({ side }) };
    },
  },

  resultSize: placed,

  /** Grown pixels are opaque. */
  resultAlpha(alpha, size, options) {
    const { width, height, photo } = placed(size, options);
    const out = new Uint8Array(width * height).fill(255);
    for (let y = 0; y < photo.height; y++) {
      const row = alpha.subarray(y * photo.width, (y + 1) * photo.width);
      out.set(row, (photo.top + y) * width + photo.left);
    }
    return out;
  },

  async demonstrate(photo, { random }) {
    const side = randomSide(random);
    // Two thirds are known along the grown side. Grown by half, and by at most a pixel more where
    // two margins are rounded, the result has nearly the photo's size again.
    const along = (length: number) => 2 * Math.floor((length - 1) / 3);
    const width = side === "top" || side === "bottom" ? photo.width : along(photo.width);
    const height = side === "left" || side === "right" ? photo.height : along(photo.height);
    const result = grown(width, height, side);
    const truth = crop(photo, { left: 0, top: 0, width: result.width, height: result.height });
    const input = crop(truth, result.photo);
    const shown = createImage(truth.width, truth.height);
    paste(shown, input, result.photo.left, result.photo.top);
    return { truth, shown, input, options: { side }, detail: titleOf(side) };
  },
};

function titleOf(side: Side): string {
  return side === "all" ? "all sides" : side;
}

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
import { PaletteError, UsageError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";
import { prepareRegion } from "./inpaint-region.ts";
import { noiseInMask } from "./mask-noise.ts";
import type { Condition, Task } from "./task.ts";

/** Which part of the new image is grown; "all" grows a border around the photo. */
export type Side = "left" | "right" | "top" | "bottom" | "all";

export type UncropOptions = {
  readonly side?: Side;
  /** Restoring: by which share of its size the photo grows; default 0.5. */
  readonly ratio?: number;
};

/** The four sides of which one is grown. */
export const oneSide = ["left", "right", "top", "bottom"] as const;
export const sides: readonly Side[] = [...oneSide, "all"];

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

/** By which share of its size a photo grows unless said otherwise. */
export const defaultRatio = 0.5;

/**
 * The new picture of a photo that grows by `ratio` of its width or height at `side`: its size, and
 * where the photo is in it. Where both ends grow, each gets half.
 * @throws UsageError for a ratio that adds nothing, or more than three times the photo.
 */
export function grown(width: number, height: number, side: Side, ratio = defaultRatio): Grown {
  if (!(ratio > 0 && ratio <= 3)) {
    throw new UsageError(`The ratio is a number above 0 and at most 3, not ${ratio}.`);
  }
  const across = Math.max(1, Math.round(width * ratio));
  const down = Math.max(1, Math.round(height * ratio));
  const inside = { left: 0, top: 0, width, height };
  switch (side) {
    case "left":
      return { width: width + across, height, photo: { ...inside, left: across } };
    case "right":
      return { width: width + across, height, photo: inside };
    case "top":
      return { width, height: height + down, photo: { ...inside, top: down } };
    case "bottom":
      return { width, height: height + down, photo: inside };
    case "all": {
      const [left, top] = [Math.ceil(across / 2), Math.ceil(down / 2)];
      const photo = { ...inside, left, top };
      return { width: width + 2 * left, height: height + 2 * top, photo };
    }
    default:
      throw noSuchSide(side);
  }
}

export interface Grown {
  readonly width: number;
  readonly height: number;
  readonly photo: Box;
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
  description: "Continues a photo beyond one edge or all of them.",
  optionNames: ["side", "ratio"],

  async degrade(y, { random }, { side = randomSide(random) } = {}) {
    return uncropCondition(y, side, random);
  },

  async prepare(photo, resolution, random, { side, ratio } = {}) {
    if (side === undefined) {
      throw new UsageError(`Uncropping needs a side: ${sides.join(", ")}.`);
    }
    const { width, height, photo: place } = grown(photo.width, photo.height, side, ratio);
    if (width * height > maximalPixels) {
      throw new PaletteError(
        `The photo would grow to ${width}x${height} pixels, but pictures end at 268 megapixels; take a smaller ratio or photo.`,
      );
    }
    const canvas = extend(photo, place.left, place.top, width, height);
    const mask = createMask(width, height, 1);
    clearBox(mask, place);
    const whole = { left: 0, top: 0, width, height };
    const region = await prepareRegion(canvas, mask, whole, resolution, random);
    return {
      conditions: [{ ...region.condition, detail: side }],
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
      description: "where the photo is continued",
      kind: "choice",
      choices: sides,
      default: "all",
    },
    {
      name: "ratio",
      value: "share",
      description: "by how much of its width or height the photo grows",
      kind: "number",
      least: 0,
      most: 3,
      default: defaultRatio,
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

  resultSize: ({ width, height }, { side = "all", ratio }) => grown(width, height, side, ratio),

  /** Grown pixels are opaque. */
  resultAlpha(alpha, size, { side = "all", ratio }) {
    const { width, height, photo } = grown(size.width, size.height, side, ratio);
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

function noSuchSide(side: string): UsageError {
  return new UsageError(`There is no side "${side}"; the sides are ${sides.join(", ")}.`);
}

/** Makes the pixels inside the box known. */
function clearBox(mask: Mask, { left, top, width, height }: Box): void {
  for (let y = top; y < top + height; y++) {
    mask.data.fill(0, y * mask.width + left, y * mask.width + left + width);
  }
}

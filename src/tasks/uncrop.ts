/**
 * Uncropping: the photo is continued beyond its edges (paper, section 4.3). Half of the picture is
 * always missing: one side of it, or a border all around.
 */
import { UsageError } from "../errors.ts";
import {
  type Box,
  createImage,
  createMask,
  type Image,
  type Mask,
  paste,
} from "../images/image.ts";
import { centreSquare, cropAndResize } from "../images/resize.ts";
import type { Random } from "../random.ts";
import { fillHole } from "./hole.ts";
import type { Side, Task } from "./task.ts";

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
      throw new UsageError(`There is no side "${side}"; the sides are ${sides.join(", ")}.`);
  }
}

/** 0 in the known part, 1 in what is grown: for "all" the border, not the middle. */
export function uncropMask(width: number, height: number, side: Side): Mask {
  const known = knownBox(width, height, side);
  const mask = createMask(width, height, 1);
  for (let y = known.top; y < known.top + known.height; y++) {
    mask.data.fill(0, y * width + known.left, y * width + known.left + known.width);
  }
  return mask;
}

/**
 * The part of a user's photo that becomes the known part: for "all" its central square, for a side
 * the strip next to that side, half as deep as it is long. A photo too narrow for that gives a strip
 * of its whole depth from the middle of its length.
 */
export function stripOf(width: number, height: number, side: Side): Box {
  if (side === "all") return centreSquare(width, height);
  const across = side === "left" || side === "right";
  const [depth, length] = across ? [width, height] : [height, width];
  const stripDepth = Math.max(1, Math.min(depth, Math.floor(length / 2)));
  const stripLength = Math.min(length, 2 * stripDepth);
  const start = Math.floor((length - stripLength) / 2);
  const edge = side === "left" || side === "top" ? 0 : depth - stripDepth;
  return across
    ? { left: edge, top: start, width: stripDepth, height: stripLength }
    : { left: start, top: edge, width: stripLength, height: stripDepth };
}

/** x is the known part with N(0, 1) around or beside it. */
export const uncrop: Task<"uncrop"> = {
  name: "uncrop",
  title: "Uncropping",
  description: "Continues a photo beyond one edge or all of them.",

  async degrade(y, random, { side = randomSide(random) } = {}) {
    const mask = uncropMask(y.width, y.height, side);
    return { x: fillHole(y, mask, random), mask, detail: side };
  },

  async condition(photo, resolution, random, { side } = {}) {
    if (side === undefined) {
      throw new UsageError(`Uncropping needs a side: ${sides.join(", ")}.`);
    }
    const mask = uncropMask(resolution, resolution, side);
    const y = await place(photo, resolution, side);
    return { x: fillHole(y, mask, random), mask, detail: side };
  },
};

/** The photo's strip or square in the known part of an otherwise empty picture. */
async function place(photo: Image, resolution: number, side: Side): Promise<Image> {
  const known = knownBox(resolution, resolution, side);
  const strip = stripOf(photo.width, photo.height, side);
  const y = createImage(resolution, resolution);
  paste(y, await cropAndResize(photo, strip, known.width, known.height), known.left, known.top);
  return y;
}

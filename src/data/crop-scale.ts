/** Which part of a photo a crop shows, and hence at which scale the network sees the world. */
import type { Box } from "../image/image.ts";
import type { Random } from "../util/random.ts";

/**
 * "own..full": the side is log-uniform from the network's resolution, which are the photo's own
 * pixels, to the photo's short side. Every scale is equally likely. "half..full": uniform from half
 * of the short side to all of it.
 */
export const cropScales = ["own..full", "half..full"] as const;
export type CropScale = (typeof cropScales)[number];

/**
 * Photos are decoded at up to this many times the resolution: a crop of half of it still shrinks.
 */
const oversize = 4;

/** The short side at which photos are kept for such crops; undefined: at their own size. */
export function decodedShortSide(
  scale: CropScale = "half..full",
  resolution: number,
): number | undefined {
  return scale === "own..full" ? undefined : oversize * resolution;
}

/**
 * A square anywhere in the picture; its side is not below the resolution if the picture allows, as
 * enlarged crops would teach blur.
 */
export function randomSquare(
  width: number,
  height: number,
  resolution: number,
  random: Random,
  scale: CropScale = "half..full",
): Box {
  const short = Math.min(width, height);
  return squareOf(
    randomSide(short, Math.min(resolution, short), random, scale),
    width,
    height,
    random,
  );
}

/** A square of this side anywhere in the picture. */
export function squareOf(side: number, width: number, height: number, random: Random): Box {
  return {
    left: random.integer(0, width - side),
    top: random.integer(0, height - side),
    width: side,
    height: side,
  };
}

function randomSide(short: number, least: number, random: Random, scale: CropScale): number {
  if (scale === "half..full") return random.integer(Math.max(Math.ceil(short / 2), least), short);
  return Math.round(Math.exp(random.between(Math.log(least), Math.log(short))));
}

/** Images that come from outside. */
import { UsageError } from "../util/errors.ts";
import { shown } from "../util/shown.ts";
import type { Image } from "./image.ts";

/** Noise and resampling overshoot; beyond this, values are of another range. */
const largestValue = 16;

/**
 * Refuses, before anything is computed, what is no image of three planes in [-1, 1].
 * @throws UsageError saying what is expected and what was given.
 */
export function checkImage(image: unknown): asserts image is Image {
  if (typeof image !== "object" || image === null) {
    throw new UsageError(`An image is {width, height, data} as of readImage, not ${shown(image)}.`);
  }
  const { width, height, data }: { width?: unknown; height?: unknown; data?: unknown } = image;
  for (const side of [width, height]) {
    if (typeof side !== "number" || !Number.isInteger(side) || side < 1) {
      throw new UsageError(
        `An image's width and height are whole numbers from 1, not ${shown(side)}.`,
      );
    }
  }
  const pixels = Number(width) * Number(height);
  if (!(data instanceof Float32Array)) {
    throw new UsageError(
      `An image's data is a Float32Array from -1 to 1, not ${shown(data)}; fromBytes converts bytes.`,
    );
  }
  if (data.length !== 3 * pixels) {
    throw new UsageError(
      `An image of ${width}x${height} has ${3 * pixels} values, red, green and blue plane by plane, not ${data.length}${channelsOf(data.length / pixels)}.`,
    );
  }
  // By index: an iterator takes ten times as long.
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value >= -largestValue && value <= largestValue) continue;
    throw new UsageError(
      `An image's values go from -1 to 1, but one is ${value}; fromBytes converts 0 to 255.`,
    );
  }
}

/** What a number of channels may mean. */
function channelsOf(channels: number): string {
  if (channels === 4) return "; leave out the opacity, which writeImage takes as `alpha`";
  if (channels === 1) return "; give a gray image's plane three times";
  return "";
}

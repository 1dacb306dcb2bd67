/** Pictures as the picture metrics take them: bytes or floats, one plane a channel. */
import { PaletteError, UsageError } from "../../util/errors.ts";

/**
 * Samples of a picture. Uint8Array: interleaved [height, width, channels], 0 to 255, as `toBytes`
 * gives. Float32Array: planar [channels, height, width] in [-1, 1], as `Image.data`.
 */
export type Pixels = Uint8Array | Float32Array;

/** The size of both pictures that are compared. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
  /** 3 unless given. */
  readonly channels?: number;
}

/** One channel, [height, width]. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/** Two pictures of one size and kind, channel by channel. */
export interface Pair {
  readonly a: readonly Plane[];
  readonly b: readonly Plane[];
  /** The distance of black and white: 255 for bytes, 2 for floats. */
  readonly range: number;
}

/**
 * @throws UsageError when one picture is bytes and the other floats; PaletteError when a picture
 * does not hold what `size` says or what is not a number.
 */
export function pairOf(a: Pixels, b: Pixels, size: PictureSize): Pair {
  const bytes = a instanceof Uint8Array;
  if (bytes !== b instanceof Uint8Array) {
    throw new UsageError(
      "One picture is bytes (0 to 255) and the other floats (-1 to 1): pass two of a kind.",
    );
  }
  return { a: planesOf(a, size), b: planesOf(b, size), range: bytes ? 255 : 2 };
}

function planesOf(pixels: Pixels, { width, height, channels = 3 }: PictureSize): Plane[] {
  const area = width * height;
  const whole = [width, height, channels].every((side) => Number.isInteger(side) && side >= 1);
  if (!whole || pixels.length !== area * channels) {
    throw new PaletteError(
      `A ${width}x${height} picture of ${channels} channels was expected, but ${pixels.length} numbers were given.`,
    );
  }
  if (!pixels.every(Number.isFinite)) {
    throw new PaletteError("A picture holds what is not a number: make it again.");
  }
  return Array.from({ length: channels }, (_, c) => {
    const data = new Float64Array(area);
    if (pixels instanceof Uint8Array) {
      for (let i = 0, at = c; i < area; i++, at += channels) data[i] = pixels[at]!;
    } else {
      data.set(pixels.subarray(c * area, (c + 1) * area));
    }
    return { width, height, data };
  });
}

/**
 * Sharpening: the network makes a blurred picture, or a blurred hole, sharp. Of a whole picture
 * this is super-resolution (SR3, Saharia et al. 2021). In a hole it is the second stage of a
 * cascade: it brings a small filling to the photo's own pixels.
 */

import {
  atLeast,
  clipped,
  crop,
  cropOnto,
  type Image,
  isGray,
  type Mask,
  maximalPixels,
} from "../image/image.ts";
import { checkMaskSize, maskedShare } from "../image/mask.ts";
import { box, lanczos3, linear, resample } from "../image/resample.ts";
import { resize } from "../image/resize.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";
import { randomMask } from "./inpaint.ts";
import type { Task } from "./task.ts";
import { randomSide, uncropMask } from "./uncrop.ts";

/** By how much training shrinks, log-uniform. */
export const factors = { least: 2, most: 8 };
/** Half of the examples are whole pictures, the others holes. */
export const wholeShare = 0.5;
/**
 * Half of the examples get noise, so that the errors of an earlier stage do no harm (SR3's
 * cascades).
 */
const noisyShare = 0.5;
/** Its largest deviation, in [-1, 1]: six steps of 255. */
const mostNoise = 0.05;
/** By how much `prepare` enlarges. */
export const scales = { least: 1, most: 8 };
export const defaultScale = 2;

export type SharpenOptions = {
  /** How many times the image is shrunk and enlarged again, from 1. */
  readonly factor?: number;
  /** The region that is blurred, at the size of the image. */
  readonly mask?: Mask;
  /** Whether the whole image is blurred, never a part of it alone. */
  readonly whole?: boolean;
  /** Restoring: how many times the photo is enlarged, 1 to 8; default 2. */
  readonly scale?: number;
};

/** x is the blurred picture, or the sharp one with its hole blurred. */
export const sharpen: Task<"sharpen", SharpenOptions> = {
  name: "sharpen",
  command: "upscale",
  title: "Sharpening",
  description: "Enlarges a photo and gives it back its detail.",
  optionNames: ["factor", "mask", "whole", "scale"],

  async degrade(y, { random }, { factor: given, mask: hole, whole } = {}) {
    const { least, most } = factors;
    const factor = given ?? Math.exp(random.between(Math.log(least), Math.log(most)));
    if (!(factor >= 1 && factor <= Math.min(y.width, y.height))) {
      throw new PaletteError(
        `The factor of the blur is a number from 1 to the picture's shorter side, not ${factor}.`,
      );
    }
    if (hole !== undefined) checkMaskSize(hole, y.width, y.height);
    const mask = hole ?? (whole ? undefined : randomRegion(y, random));
    const blurred = blur(y, factor, random);
    const detail = `blurred ${factor.toFixed(1)} times`;
    if (mask === undefined) return { x: blurred, detail };
    const share = Math.round(100 * maskedShare(mask));
    return {
      x: within(mask, blurred, y),
      mask,
      holeIsShown: true,
      detail: `${detail} in ${share}%`,
    };
  },

  /** The enlarged photo in windows; `scale` 1 sharpens it as it is. */
  async prepare(photo, resolution, _random, { scale = defaultScale } = {}) {
    if (!(scale >= scales.least && scale <= scales.most)) {
      throw new UsageError(
        `The scale is a number from ${scales.least} to ${scales.most}, not ${scale}.`,
      );
    }
    const { width, height } = enlarged(photo.width, photo.height, scale);
    if (width * height > maximalPixels) {
      throw new PaletteError(
        `The photo would grow to ${width}x${height} pixels, but pictures end at 268 megapixels; take a smaller scale or photo.`,
      );
    }
    const x = atLeast(clipped(resample(photo, width, height, lanczos3)), resolution);
    return {
      conditions: [{ x, detail: `${scale} times` }],
      finish: async ([sample]) => cropOnto(sample!, { left: 0, top: 0, width, height }),
    };
  },

  cliOptions: [
    {
      name: "scale",
      value: "times",
      description: "how many times wider and higher: 2, 4, ...; 1 sharpens a photo as it is",
      kind: "number",
      ...scales,
      default: defaultScale,
    },
  ],

  /** The paper has none; the default is SR3's fourfold enlargement. */
  variants: {
    name: "factors",
    value: "list",
    description: "how many times pictures to sharpen were shrunk",
    kind: { least: 1, most: 16 },
    defaults: [4],
    variant(value) {
      const factor = Number(value);
      if (!(factor > 1 && factor <= 16)) {
        throw new UsageError(`A blur's factor is a number above 1 and at most 16, not ${value}.`);
      }
      const options = () => ({ factor, whole: true });
      return { id: `${factor}`, title: `${factor} times`, options };
    },
  },

  resultSize: ({ width, height }, { scale = defaultScale }) => enlarged(width, height, scale),

  /** Smooth, as the colours are. */
  resultAlpha(alpha, photo, { scale = defaultScale }) {
    const { width, height } = enlarged(photo.width, photo.height, scale);
    const data = Float32Array.from(
      { length: 3 * alpha.length },
      (_, i) => alpha[i % alpha.length]!,
    );
    const large = resample({ ...photo, data }, width, height, linear);
    return Uint8Array.from(large.data.subarray(0, width * height), Math.round);
  },

  async demonstrate(photo) {
    const whole = (side: number) => shownScale * Math.floor(side / shownScale);
    const [width, height] = [whole(photo.width), whole(photo.height)];
    const truth = crop(photo, { left: 0, top: 0, width, height });
    const input = resize(truth, width / shownScale, height / shownScale);
    const shown = resize(input, width, height);
    const options = { scale: shownScale };
    return { truth, shown, input, options, detail: `${shownScale} times` };
  },
};

/** The enlargement of the demo. */
const shownScale = 4;

/** The size of a photo enlarged `scale` times, in whole pixels. */
export function enlarged(
  width: number,
  height: number,
  scale: number,
): { readonly width: number; readonly height: number } {
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/**
 * Shrunk `factor` times and enlarged again, by kernels drawn at random; half the time with noise.
 */
function blur(y: Image, factor: number, random: Random): Image {
  const shrinking = random.pick([box, linear, lanczos3]);
  const enlarging = random.pick([linear, lanczos3]);
  const deviation = random.uniform() < noisyShare ? random.between(0, mostNoise) : 0;
  const width = Math.max(1, Math.round(y.width / factor));
  const height = Math.max(1, Math.round(y.height / factor));
  const small = resample(y, width, height, shrinking);
  if (deviation > 0) addNoise(small, deviation, isGray(y), random);
  return clipped(resample(small, y.width, y.height, enlarging));
}

/** Adds noise of this deviation; to a gray picture the same in all channels, as it stays gray. */
function addNoise(image: Image, deviation: number, gray: boolean, random: Random): void {
  const { data } = image;
  const pixels = data.length / 3;
  for (let i = 0; i < data.length; i++)
    data[i]! += gray && i >= pixels ? 0 : deviation * random.normal();
  if (gray) for (const c of [1, 2]) data.copyWithin(c * pixels, 0, pixels);
}

/** Undefined for the whole picture, else a hole as in inpainting or what uncropping grows. */
function randomRegion({ width, height }: Image, random: Random): Mask | undefined {
  if (random.uniform() < wholeShare) return undefined;
  return random.uniform() < 0.5
    ? randomMask(width, height, random).mask
    : uncropMask(width, height, randomSide(random));
}

function within(mask: Mask, inside: Image, outside: Image): Image {
  const data = outside.data.map((value, i) =>
    mask.data[i % mask.data.length] === 1 ? inside.data[i]! : value,
  );
  return { ...outside, data };
}

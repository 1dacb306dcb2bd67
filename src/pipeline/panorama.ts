/**
 * Panoramas (the paper's Figure 2). A photo is continued to the left and to the right, half a
 * window at a time. Each window continues what is there already. The photo's short side becomes the
 * model's resolution; of a tall photo the window is as high as the photo, and seen in parts. A
 * model that sharpens then brings what was added to the photo's own pixels.
 */

import { checkImage } from "../image/check-image.ts";
import {
  type Box,
  copyOf,
  createImage,
  createMask,
  crop,
  type Image,
  maximalPixels,
  paste,
} from "../image/image.ts";
import { clearBox } from "../image/mask.ts";
import type { Size } from "../image/model-size.ts";
import { resize } from "../image/resize.ts";
import { matchTone } from "../tasks/border-tone.ts";
import type { EnlargedFill } from "../tasks/task.ts";
import { uncropCondition } from "../tasks/uncrop.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { checkOptionNames } from "./option-names.ts";
import type { Palette } from "./palette.ts";
import { checkOptions, type SamplingOptions, type SamplingProgress } from "./sampling-options.ts";

export interface PanoramaOptions extends Omit<SamplingOptions, "onStep" | "onFinish"> {
  /** Half windows added at each side, 0 to 64; default 4, as in the paper. */
  readonly left?: number;
  readonly right?: number;
  /**
   * Called after each network call, counted over all windows and samples; the estimates are the
   * window's.
   */
  readonly onStep?: (progress: SamplingProgress) => void | Promise<void>;
}

export const panoramaDefaults = { left: 4, right: 4 } as const;
const mostWindows = 64;

/**
 * The size of a photo's panoramas by a model of this resolution. Those that are sharpened have the
 * photo's own height, unless the photo is smaller than the model.
 * @param options.sharpen whether they are (`Palette.sharpens`); default false
 */
export function panoramaSize(
  photo: Size,
  resolution: number,
  { left = panoramaDefaults.left, right = panoramaDefaults.right, sharpen }: PanoramaOptions = {},
): Size {
  const half = resolution - Math.ceil(resolution / 2);
  if (sharpen && isLarger(photo, resolution)) {
    const scale = Math.min(photo.width, photo.height) / resolution;
    const [before, after] = [left, right].map((count) => Math.round(count * half * scale));
    return { width: before! + photo.width + after!, height: photo.height };
  }
  const { width, height } = shortSideAt(photo, resolution);
  return { width: width + (left + right) * half, height };
}

function isLarger({ width, height }: Size, resolution: number): boolean {
  return Math.min(width, height) > resolution;
}

/** The size at which a photo's short side is `side`. */
function shortSideAt({ width, height }: Size, side: number): Size {
  const scale = side / Math.min(width, height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/**
 * `samples` panoramas: the photo with a short side of `resolution`, and `left` and `right` times
 * half of `resolution` columns more. 256x256 becomes 1280x256 with 4 and 4, as on the paper's page.
 * Where the model sharpens (`sharpen`), the photo's own pixels and as many more in proportion.
 * @throws UsageError for impossible options; PaletteError when the photo is so long and thin that
 * the panorama would be too big; otherwise as `Palette.sample`.
 */
export async function panorama(
  palette: Palette,
  photo: Image,
  options: PanoramaOptions = {},
): Promise<Image[]> {
  checkImage(photo);
  checkOptionNames(options, { what: "panorama", own: ["left", "right"] });
  const { left = panoramaDefaults.left, right = panoramaDefaults.right } = options;
  for (const count of [left, right]) {
    if (!Number.isInteger(count) || count < 0 || count > mostWindows) {
      throw new UsageError(
        `A panorama grows by 0 to ${mostWindows} half windows a side, not by ${count}.`,
      );
    }
  }
  checkOptions(options);
  const sampler = palette.samplerConfig(options, "uncrop");
  const { samples = 1, seed = 0 } = options;
  const { resolution } = palette;
  palette.warnUnlessTrainedFor("uncrop");
  const sharpen = palette.sharpens(options);
  const size = panoramaSize(photo, resolution, { ...options, sharpen });
  if (size.width * size.height > maximalPixels) {
    throw new PaletteError(
      `The panorama would have ${size.width}x${size.height} pixels, but pictures end at 268 megapixels: cut the photo to a less extreme shape.`,
    );
  }
  const { width, height } = shortSideAt(photo, resolution);
  const middle = resize(photo, width, height);
  const sides = [...Array(right).fill("right"), ...Array(left).fill("left")] as const;
  const grown = panoramaSize(photo, resolution, { left, right });
  const start = Math.round((left / (left + right || 1)) * (size.width - photo.width));
  const place = { left: start, top: 0, width: photo.width, height: photo.height };
  const fillings = sharpen && sides.length > 0 ? fillingOf(size, place, grown) : [];
  const sharpener = palette.fillSharpener(fillings, options);
  sharpener.assertFits(size, "A panorama");
  const steps = palette.stepsFor("uncrop", options);
  const calls = palette.callsOf({ ...options, ...sampler, steps }) * sides.length;
  const allSteps = (calls + sharpener.steps) * samples;
  const panoramas: Image[] = [];
  let reached = 0;
  for (let k = 0; k < samples; k++) {
    let strip = middle;
    for (const [n, side] of sides.entries()) {
      const condition = uncropCondition(
        endOf(strip, side, resolution),
        side,
        Random.from(seed, "panorama", k, n),
      );
      const [window] = await palette.sample(condition, {
        ...{ ...options, ...sampler, steps },
        samples: 1,
        seed: Random.from(seed, "window", k, n).integer(0, 2 ** 31 - 1),
        onStep: (step) =>
          options.onStep?.({
            ...step,
            pictures: new Map([[k, async () => joined(strip, step.estimates()[0]!, side)]]),
            step: ++reached,
            steps: allSteps,
          }),
      });
      strip = joined(strip, window!, side);
    }
    if (sharpener.steps === 0) {
      panoramas.push(strip);
      continue;
    }
    const wide = atOwnPixels(strip, photo, place, size, resolution);
    const before = reached;
    const present = new Map([[k, async () => copyOf(wide)]]);
    await sharpener.sharpen(wide, {
      ...{ ...options, seed: [seed, "panorama", k] },
      async onStep(progress) {
        reached = before + progress.step;
        await options.onStep?.({ ...progress, step: reached, steps: allSteps, pictures: present });
      },
    });
    panoramas.push(wide);
  }
  return panoramas;
}

/** What a panorama of this size adds to the photo at its place, made at the size `grown`. */
function fillingOf(size: Size, place: Box, grown: Size): EnlargedFill[] {
  const fill = createMask(size.width, size.height, 1);
  clearBox(fill, place);
  return [{ box: { left: 0, top: 0, ...size }, fill, scale: size.height / grown.height }];
}

/** The strip enlarged around the photo, in the photo's tone. */
function atOwnPixels(
  strip: Image,
  photo: Image,
  place: Box,
  { width, height }: Size,
  resolution: number,
): Image {
  const share = strip.width / width;
  const known = { left: Math.round(place.left * share), top: 0, height: strip.height };
  const fill = createMask(strip.width, strip.height, 1);
  clearBox(fill, { ...known, width: Math.round(place.width * share) });
  const wide = resize(matchTone(strip, fill, resolution), width, height);
  paste(wide, photo, place.left, place.top);
  return wide;
}

/** A window whose known half is the strip's end; what stands in the other half does not matter. */
function endOf(strip: Image, side: "left" | "right", resolution: number): Image {
  const half = Math.ceil(resolution / 2);
  const window = createImage(resolution, strip.height);
  const start = side === "right" ? strip.width - half : 0;
  const known = crop(strip, { left: start, top: 0, width: half, height: strip.height });
  paste(window, known, side === "right" ? 0 : resolution - half, 0);
  return window;
}

/** The strip with the window's new half at its end. */
function joined(strip: Image, window: Image, side: "left" | "right"): Image {
  const half = window.width - Math.ceil(window.width / 2);
  const out = createImage(strip.width + half, strip.height);
  const start = side === "right" ? window.width - half : 0;
  const made = crop(window, { left: start, top: 0, width: half, height: window.height });
  paste(out, strip, side === "right" ? 0 : half, 0);
  paste(out, made, side === "right" ? strip.width : 0, 0);
  return out;
}

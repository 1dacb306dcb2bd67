/** JPEG restoration: the artefacts of strong compression are removed (paper, section 4.4). */
import { crop, extend } from "../images/image.ts";
import { jpegRoundTrip } from "../images/jpeg.ts";
import type { Random } from "../random.ts";
import type { Task } from "./task.ts";

/** The qualities of training. */
export const qualities = { least: 5, most: 30 };

/**
 * P(Q) for each quality Q from 5 to 30, proportional to exp(-Q / 10): low quality, the hard case,
 * comes most often (paper, section 4.4).
 */
export const qualityProbabilities: readonly number[] = (() => {
  const weights = Array.from({ length: qualities.most - qualities.least + 1 }, (_, i) =>
    Math.exp(-(qualities.least + i) / 10),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
})();

/** A quality drawn from `qualityProbabilities`. */
export function randomQuality(random: Random): number {
  let left = random.uniform();
  for (let i = 0; i < qualityProbabilities.length; i++) {
    left -= qualityProbabilities[i]!;
    if (left < 0) return qualities.least + i;
  }
  return qualities.most;
}

/** What JPEG codes together: colours at half resolution in squares of 8x8. */
const macroblock = 16;

/** x is the decoded JPEG. */
export const dejpeg: Task<"dejpeg"> = {
  name: "dejpeg",
  title: "JPEG restoration",
  description: "Removes the artefacts of strong JPEG compression.",
  async degrade(y, random, { quality = randomQuality(random) } = {}) {
    return { x: await jpegRoundTrip(y, quality), detail: `quality ${quality}` };
  },
  /** At the photo's own pixels: made smaller, it would have lost what is to be removed. */
  async prepare(photo, resolution) {
    const { width, height } = photo;
    const whole = (side: number) => Math.max(resolution, macroblock * Math.ceil(side / macroblock));
    const x = extend(photo, 0, 0, whole(width), whole(height));
    return {
      conditions: [{ x, detail: "as it is" }],
      finish: async ([answer]) => crop(answer!, { left: 0, top: 0, width, height }),
    };
  },
};

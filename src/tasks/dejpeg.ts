/** JPEG restoration: the artefacts of strong compression are removed (paper, section 4.4). */
import { jpegRoundTrip } from "../images/jpeg.ts";
import { toSquare } from "../images/resize.ts";
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

/** x is the decoded JPEG. */
export const dejpeg: Task<"dejpeg"> = {
  name: "dejpeg",
  title: "JPEG restoration",
  description: "Removes the artefacts of strong JPEG compression.",
  async degrade(y, random, { quality = randomQuality(random) } = {}) {
    return { x: await jpegRoundTrip(y, quality), detail: `quality ${quality}` };
  },
  async condition(photo, resolution) {
    return { x: await toSquare(photo, resolution), detail: "as it is" };
  },
};

/** JPEG restoration: the artefacts of strong compression are removed (paper, section 4.4). */
import { crop, extend, type Image } from "../image/image.ts";
import type { Random } from "../util/random.ts";
import type { JpegQualities, Task, TaskContext } from "./task.ts";

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

/** What people have: a quarter of the qualities is uniform up to this one. */
export const wide = { most: 95, uniformShare: 0.25, twiceShare: 0.2 };

/**
 * A quality drawn from `qualityProbabilities`; if "wide", a quarter of the time uniform from 5 to 95
 * instead.
 */
export function randomQuality(random: Random, from: JpegQualities = "paper"): number {
  if (from === "wide" && random.uniform() < wide.uniformShare)
    return random.integer(qualities.least, wide.most);
  let left = random.uniform();
  for (let i = 0; i < qualityProbabilities.length; i++) {
    left -= qualityProbabilities[i]!;
    if (left < 0) return qualities.least + i;
  }
  return qualities.most;
}

/** The picture as cut from a larger JPEG, whose blocks lie elsewhere. */
async function codedBefore(
  y: Image,
  { random, codec }: TaskContext,
): Promise<{ readonly picture: Image; readonly detail: string }> {
  const quality = random.integer(qualities.most, wide.most);
  const [left, top] = [random.integer(0, macroblock - 1), random.integer(0, macroblock - 1)];
  const { width, height } = y;
  const larger = extend(y, left, top, width + macroblock, height + macroblock);
  const coded = await codec.jpegRoundTrip(larger, quality);
  return { picture: crop(coded, { left, top, width, height }), detail: ` after ${quality}` };
}

/** What JPEG codes together: colours at half resolution in squares of 8x8. */
const macroblock = 16;

/** x is the decoded JPEG. */
export const dejpeg: Task<"dejpeg"> = {
  name: "dejpeg",
  title: "JPEG restoration",
  description: "Removes the artefacts of strong JPEG compression.",
  async degrade(y, { random, codec }, { quality: given, jpegQuality } = {}) {
    const quality = given ?? randomQuality(random, jpegQuality);
    const twice =
      given === undefined && jpegQuality === "wide" && random.uniform() < wide.twiceShare;
    const first = twice ? await codedBefore(y, { random, codec }) : { picture: y, detail: "" };
    return {
      x: await codec.jpegRoundTrip(first.picture, quality),
      detail: `quality ${quality}${first.detail}`,
    };
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

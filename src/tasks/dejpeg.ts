/** JPEG restoration: the artefacts of strong compression are removed (paper, section 4.4). */
import { crop, cropOnto, extend, type Image } from "../image/image.ts";
import { jpegShare, jpegStart, mostJpegQuality } from "../models/settings/by-jpeg-quality.ts";
import { UsageError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";
import type { Task, TaskContext } from "./task.ts";

/** From which JPEG qualities training draws. */
export const jpegQualities = ["paper", "wide"] as const;
export type JpegQualities = (typeof jpegQualities)[number];

export type DejpegOptions = {
  /** JPEG quality, 1 to 100; restoring: of the photo's file, where known. */
  readonly quality?: number;
  /** Where a quality is drawn: "paper" (the default) or "wide", see `randomQuality`. */
  readonly jpegQuality?: JpegQualities;
};

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
 * A quality drawn from `qualityProbabilities`; if "wide", a quarter of the time uniform from 5 to
 * 95 instead.
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
export const dejpeg: Task<"dejpeg", DejpegOptions> = {
  name: "dejpeg",
  title: "JPEG restoration",
  description: "Removes the artefacts of strong JPEG compression.",
  optionNames: ["quality", "jpegQuality"],
  async degrade(y, { random, codec }, { quality: given, jpegQuality } = {}) {
    const quality = given ?? randomQuality(random, jpegQuality);
    const twice =
      given === undefined && jpegQuality === "wide" && random.uniform() < wide.twiceShare;
    const first = twice ? await codedBefore(y, { random, codec }) : { picture: y, detail: "" };
    return {
      x: await codec.jpegRoundTrip(first.picture, quality),
      detail: `quality ${quality}${first.detail}`,
      drawn: { quality },
    };
  },
  // x, y_t, y0, an estimate to be shown, and what a browser gives back late.
  copies: 5.8,
  /** At the photo's own pixels: made smaller, it would have lost what is to be removed. */
  async prepare(photo, resolution) {
    const { width, height } = photo;
    const whole = (side: number) => Math.max(resolution, macroblock * Math.ceil(side / macroblock));
    const isWhole = whole(width) === width && whole(height) === height;
    const x = isWhole ? photo : extend(photo, 0, 0, whole(width), whole(height));
    return {
      conditions: [{ x, detail: "as it is" }],
      finish: async ([sample]) => cropOnto(sample!, { left: 0, top: 0, width, height }),
    };
  },
  variants: {
    name: "qualities",
    value: "list",
    description: "JPEG qualities",
    kind: { least: 1, most: 100, whole: true },
    defaults: [5, 10, 20],
    variant(value) {
      const quality = Number(value);
      if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
        throw new UsageError(`A JPEG quality is a whole number from 1 to 100, not ${value}.`);
      }
      const known = { quality };
      return { id: `${quality}`, title: `quality ${quality}`, known, options: () => known };
    },
  },
  remark({ jpeg }) {
    if (jpeg === undefined) return "is no JPEG file; what traces it has are removed as they are.";
    const { quality, exact } = jpeg;
    return `was saved at JPEG quality ${exact ? quality : `about ${quality}`}.`;
  },
  fileOptions: ({ jpeg }) => (jpeg === undefined ? {} : { quality: jpeg.quality }),
  startSigma: ({ quality }, sampling) => jpegStart(quality, sampling),
  share: ({ quality }, sampling) => (quality === undefined ? 1 : jpegShare(quality, sampling)),
  leavesAsIs({ quality }, sampling, model) {
    if (quality === undefined || jpegShare(quality, sampling) > 0) return undefined;
    return `was saved at JPEG quality ${quality} and is left as it is: ${model} improves up to ${mostJpegQuality(sampling)}`;
  },
  async demonstrate(photo, { codec }) {
    const input = await codec.jpegRoundTrip(photo, shownQuality);
    const options = { quality: shownQuality };
    return { truth: photo, shown: input, input, options, detail: `quality ${shownQuality}` };
  },
};

/** The quality of the demo. */
const shownQuality = 10;

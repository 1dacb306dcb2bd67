/** A model's settings by JPEG quality: without schemas, as the overview loads the tasks. */
import type { SamplingSettings } from "./sampling.ts";

/** The network's share in a photo of this JPEG quality; 0: it is left as it is. */
export function jpegShare(quality: number, { jpegShares = {} }: SamplingSettings): number {
  const known = Object.keys(jpegShares).length > 0;
  if (known && quality > mostJpegQuality({ jpegShares })) return 0;
  return atQuality(jpegShares, quality) ?? 1;
}

/** The highest JPEG quality that a model with these settings improves. */
export function mostJpegQuality({ jpegShares = {} }: SamplingSettings): number {
  const known = Object.keys(jpegShares).map(Number);
  return known.length === 0 ? 100 : Math.max(...known);
}

/** Of photos that do not tell theirs: low, as one asks for it where damage is seen. */
const unknownQuality = 15;

/**
 * The sigma under which a photo of this JPEG quality is seen first; of an unknown one that of 15.
 * Undefined where the model does not say.
 */
export function jpegStart(
  quality: number | undefined,
  { jpegStarts = {} }: SamplingSettings,
): number | undefined {
  return atQuality(jpegStarts, quality ?? unknownQuality);
}

/** A value by quality, linear between the known ones and constant outside of them. */
function atQuality(values: Readonly<Record<string, number>>, quality: number): number | undefined {
  const known = Object.entries(values).map(([at, value]) => [Number(at), value] as const);
  known.sort(([a], [b]) => a - b);
  const k = known.findIndex(([at]) => quality <= at);
  if (k <= 0) return known.at(k)?.[1];
  const [[low, from], [high, to]] = [known[k - 1]!, known[k]!];
  return from + ((to - from) * (quality - low)) / (high - low);
}

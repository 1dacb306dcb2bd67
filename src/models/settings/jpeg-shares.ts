/** A model's `jpegShares` read: without schemas, as the commands' overview loads the tasks. */
import type { SamplingSettings } from "./sampling.ts";

/** The network's share in a photo of this JPEG quality; 0: it is left as it is. */
export function jpegShare(quality: number, { jpegShares }: SamplingSettings): number {
  const known = Object.entries(jpegShares ?? {}).map(([at, share]) => [Number(at), share] as const);
  known.sort(([a], [b]) => a - b);
  const [first] = known;
  if (first === undefined || quality <= first[0]) return first?.[1] ?? 1;
  const k = known.findIndex(([at]) => quality <= at);
  if (k < 0) return 0;
  const [[low, from], [high, to]] = [known[k - 1]!, known[k]!];
  return from + ((to - from) * (quality - low)) / (high - low);
}

/** The highest JPEG quality that a model with these settings improves. */
export function mostJpegQuality({ jpegShares = {} }: SamplingSettings): number {
  const known = Object.keys(jpegShares).map(Number);
  return known.length === 0 ? 100 : Math.max(...known);
}

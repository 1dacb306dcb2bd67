import { PaletteError } from "../../util/errors.ts";
import type { PictureSize, Pixels } from "./channels.ts";
import { msSsim } from "./ssim.ts";

/**
 * How alike the samples of one input are: the mean multi-scale SSIM of the first sample to each of
 * the others (the paper's sample diversity). Low: diverse; 1: all samples equal. Its counterpart in
 * features is `consecutiveDistance`.
 * @throws PaletteError when there are fewer than 2 samples; as `msSsim` does.
 */
export function diversityMsSsim(samples: readonly Pixels[], size: PictureSize): number {
  const [first, ...others] = samples;
  if (first === undefined || others.length === 0) {
    throw new PaletteError("Diversity needs at least 2 samples of an input: ask for more samples.");
  }
  return others.reduce((sum, other) => sum + msSsim(first, other, size), 0) / others.length;
}

import { type PictureSize, type Pixels, pairOf } from "./channels.ts";

/**
 * The peak signal-to-noise ratio of two pictures in dB: 10 log10(range^2 / mean squared error) over
 * all channels, range 255 for bytes and 2 for floats. Infinity for equal pictures.
 * @throws UsageError, PaletteError when the pictures do not fit `size` or each other.
 */
export function psnr(a: Pixels, b: Pixels, size: PictureSize): number {
  const pair = pairOf(a, b, size);
  let sum = 0;
  pair.a.forEach((plane, c) => {
    const other = pair.b[c]!.data;
    for (let i = 0; i < other.length; i++) sum += (plane.data[i]! - other[i]!) ** 2;
  });
  return 10 * Math.log10(pair.range ** 2 / (sum / a.length));
}

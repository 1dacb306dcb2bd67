/**
 * From a picture to a network's input. Every compared picture takes this one way, so that no
 * difference in resizing or rounding looks like a difference of pictures (Parmar et al. 2022).
 */
import { crop, type Image, toBytes } from "../../image/image.ts";
import { cubic, resample } from "../../image/resample.ts";
import { resize } from "../../image/resize.ts";
import { PaletteError } from "../../util/errors.ts";
import type { NetworkManifest, View } from "./manifest.ts";

/** To be raised when the same picture would give other numbers: stored features are then stale. */
export const preprocessingRevision = 3;

/** Longer pictures would need too much memory when their short side is resized. */
const longestAspect = 32;

/**
 * The input tensor of one picture, [3, size, size] in the manifest's channel order, from 8 bits.
 * @param view "whole": all of it, squeezed into the square as in pytorch-fid, for features, as a
 * crop would miss the borders. "middle": the centre crop of the network's training, for its
 * accuracy
 * @throws PaletteError when view is "middle" and the picture is longer than 32:1.
 */
export function preprocess(
  image: Image,
  { size, channels, mean, scale, resize: { shortSide } }: NetworkManifest["input"],
  view: View,
): Float32Array {
  const shown = view === "whole" ? brought(image, size, size) : centreCrop(image, shortSide, size);
  const pixels = toBytes(shown);
  const plane = size * size;
  const out = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const from = channels === "RGB" ? c : 2 - c;
    const factor = typeof scale === "number" ? scale : scale[c]!;
    for (let i = 0; i < plane; i++)
      out[c * plane + i] = (pixels[3 * i + from]! - mean[c]!) * factor;
  }
  return out;
}

function centreCrop(image: Image, shortSide: number, size: number): Image {
  const { width, height } = image;
  const short = Math.min(width, height);
  if (Math.max(width, height) > longestAspect * short) {
    throw new PaletteError(
      `A picture of ${width}x${height} is too narrow to be measured; crop it to at most ${longestAspect}:1.`,
    );
  }
  const scaled = (side: number) => Math.round((side * shortSide) / short);
  const resized = brought(image, scaled(width), scaled(height));
  const [left, top] = [resized.width - size, resized.height - size].map((room) =>
    Math.floor(room / 2),
  );
  return crop(resized, { left: left!, top: top!, width: size, height: size });
}

/**
 * The picture at another size. Pictures are enlarged by a cubic filter from the corners of the
 * cells, as libvips does: the FIDs of docs/results were measured so. Lanczos3 from the middles, as
 * elsewhere in this package, gives FIDs some 4 % higher, those of the originals included.
 */
function brought(image: Image, width: number, height: number): Image {
  return width > image.width && height > image.height
    ? resample(image, width, height, cubic, 0)
    : resize(image, width, height);
}

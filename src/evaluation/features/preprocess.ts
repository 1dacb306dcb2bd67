/**
 * The one way of a picture into a feature network. Whatever is compared goes through it, so that no
 * difference in resizing or rounding shows up as a difference of pictures (Parmar 2022).
 */
import type { Sharp } from "sharp";
import type { Image } from "../../image/image.ts";
import { fromRaw, sharp, toRaw } from "../../node/sharp.ts";
import { PaletteError } from "../../util/errors.ts";
import type { NetworkManifest } from "./manifest.ts";

/**
 * How pictures are resized, as everywhere in this package. libvips' filter widens when it shrinks, so
 * that nothing aliases. On 200 ImageNet photos GoogLeNet's top-1 accuracy was the same (71.5 %) with
 * linear, cubic and Lanczos3.
 */
const kernel = "lanczos3";

/**
 * What a network is shown of a picture. "whole": all of it, squeezed into the square, as pytorch-fid does:
 * for features, which must not miss what was filled in at a border. "middle": what its training showed it,
 * the middle of the picture at the manifest's short side: for its accuracy.
 */
export type View = "whole" | "middle";

/** Says which code prepared a picture and how: part of the key of cached outputs. */
export function preparation(view: View): string {
  return `1 ${kernel} vips ${sharp.versions.vips}${view === "whole" ? " whole" : ""}`;
}

/** Beyond this, resizing the short side would need more memory than the picture is worth. */
const longestAspect = 32;

/**
 * The network's input of one picture, as [3, size, size] in the manifest's channel order.
 * @param rgb the picture rounded to 8 bits, interleaved (`toBytes`)
 * @throws PaletteError when the middle is wanted of a picture more than 32 times as long as wide.
 */
export async function prepare(
  rgb: Uint8Array,
  { width, height }: Pick<Image, "width" | "height">,
  { size, channels, mean, scale, resize: { shortSide } }: NetworkManifest["input"],
  view: View,
): Promise<Float32Array> {
  const picture = fromRaw(rgb, width, height);
  const pipeline =
    view === "whole"
      ? picture.resize(size, size, { fit: "fill", kernel })
      : middle(picture, width, height, shortSide, size);
  const { rgb: pixels } = await toRaw(pipeline);
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

/** The picture's short side brought to `shortSide` pixels, and the middle square of it. */
function middle(
  picture: Sharp,
  width: number,
  height: number,
  shortSide: number,
  size: number,
): Sharp {
  const short = Math.min(width, height);
  if (Math.max(width, height) > longestAspect * short) {
    throw new PaletteError(
      `A picture of ${width}x${height} is too narrow to be measured; crop it to at most ${longestAspect}:1.`,
    );
  }
  const [wide, high] = [width, height].map((side) => Math.round((side * shortSide) / short)) as [
    number,
    number,
  ];
  return picture.resize(wide, high, { fit: "fill", kernel }).extract({
    left: Math.floor((wide - size) / 2),
    top: Math.floor((high - size) / 2),
    width: size,
    height: size,
  });
}

/** A mask's pixels for a photo: of its size, and turned as it was. */
import { PaletteError } from "../util/errors.ts";
import type { DecodedImage } from "./codec.ts";
import type { Mask } from "./image.ts";
import { fitMask, type MaskReading, maskFromPixels, turnMask } from "./mask.ts";
import type { Size } from "./model-size.ts";

export interface MaskReadOptions extends MaskReading {
  /**
   * The EXIF orientation of the photo: a mask whose sides are exchanged was painted on the photo as
   * it is stored, and is turned as the photo was.
   */
  readonly orientation?: number;
}

export interface ReadMask {
  /** 1 = to be filled. */
  readonly mask: Mask;
  /** Whether it was of another size. */
  readonly resized: boolean;
  /** Whether it was turned as the photo was. */
  readonly turned: boolean;
}

/**
 * The mask for a photo of this size, by the rule of `maskFromPixels`; another size is brought to
 * the photo's by `fitMask`.
 * @param name the subject of an error's sentence
 * @throws PaletteError when the mask lies where the photo stands, or has no transparency and is to
 * be read by it.
 */
export function maskForPhoto(
  pixels: DecodedImage,
  { width, height }: Size,
  { orientation = 1, ...reading }: MaskReadOptions = {},
  name = "The mask",
): ReadMask {
  if (reading.from === "alpha" && pixels.alpha === undefined) {
    throw new PaletteError(`${name} has no transparency; read it by luma or dark, not by alpha.`);
  }
  const read = maskFromPixels(pixels, reading);
  const turned = liesAcross(read, width, height);
  if (turned && orientation < 5) {
    throw new PaletteError(
      `${name} is ${read.width}x${read.height}, but the photo is ${width}x${height}; turn the mask as the photo stands.`,
    );
  }
  const mask = turned ? turnMask(read, orientation) : read;
  const resized = mask.width !== width || mask.height !== height;
  if (!resized) return { mask, resized, turned };
  const whole = { left: 0, top: 0, width: mask.width, height: mask.height };
  return { mask: fitMask(mask, whole, width, height), resized, turned };
}

/** Whether the mask has the photo's shape with the sides exchanged, to 2 %. */
function liesAcross(mask: Mask, width: number, height: number): boolean {
  const isClose = (a: number, b: number) => Math.abs(a / b - 1) < 0.02;
  const aspect = mask.width / mask.height;
  return isClose(aspect, height / width) && !isClose(aspect, width / height);
}

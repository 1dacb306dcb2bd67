/**
 * Changing a picture's size. libvips averages areas and then applies Lanczos3, so that shrinking does
 * not alias. The work is done on 8 bits: what lies outside [-1, 1] is clipped first.
 */

import { fromImage, fromRaw, type RgbBytes, toRaw } from "../node/sharp.ts";
import { type Box, centreSquare, checkBox, crop, fromBytes, type Image } from "./image.ts";

export { centreSquare };

/** The whole picture at another size, without regard to its aspect; itself when nothing changes. */
export async function resize(image: Image, width: number, height: number): Promise<Image> {
  if (image.width === width && image.height === height) return image;
  const pipeline = fromImage(image).resize(width, height, { fit: "fill", kernel: "lanczos3" });
  const out = await toRaw(pipeline);
  return fromBytes(out.rgb, out.width, out.height);
}

/**
 * The pixels inside `box`, brought to width x height.
 * @throws PaletteError when the box reaches outside the picture.
 */
export async function cropAndResize(
  image: Image,
  box: Box,
  width: number,
  height: number,
): Promise<Image> {
  const whole = box.width === image.width && box.height === image.height;
  return resize(whole ? image : crop(image, box), width, height);
}

/** As `cropAndResize`, from bytes and in one pass: the way of the training data. */
export async function cropAndResizeBytes(
  { rgb, width: fullWidth, height: fullHeight }: RgbBytes,
  box: Box,
  width: number,
  height: number,
): Promise<Image> {
  checkBox(box, fullWidth, fullHeight);
  const pipeline = fromRaw(rgb, fullWidth, fullHeight)
    .extract({ left: box.left, top: box.top, width: box.width, height: box.height })
    .resize(width, height, { fit: "fill", kernel: "lanczos3" });
  const out = await toRaw(pipeline);
  return fromBytes(out.rgb, out.width, out.height);
}

/** The largest centred square at `side` x `side`; the picture itself when it is that already. */
export async function toSquare(image: Image, side: number): Promise<Image> {
  return cropAndResize(image, centreSquare(image.width, image.height), side, side);
}

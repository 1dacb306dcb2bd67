/**
 * Variations of the training crops, for collections so small that a network learns their photos by
 * heart: each crop with another aspect and another tone, the same in all colours. Their relation to
 * the brightness stays that of a photo.
 */
import type { Box, Image } from "../image/image.ts";
import type { Random } from "../util/random.ts";

/** Largest stretch of a side beside the other, as a logarithm: 0.7 to 1.4 times. */
const stretch = 0.35;
/** Deviations of the logarithms of the tone's exponent and of its gain. */
const exponentDeviation = 0.25;
const gainDeviation = 0.08;

/**
 * A box of another aspect in place of a square, anywhere in the picture. Width / height is
 * log-uniform from 0.7 to 1.4. The area is the square's as far as the picture reaches. No side
 * falls below `smallest`, as enlarged crops would teach blur.
 */
export function stretched(
  square: Box,
  picture: { readonly width: number; readonly height: number },
  smallest: number,
  random: Random,
): Box {
  const side = square.width;
  const root = Math.exp(random.between(-stretch, stretch) / 2);
  const within = (length: number, longest: number) =>
    Math.min(longest, Math.max(Math.round(length), Math.min(side, smallest)));
  const width = within(side * root, picture.width);
  const height = within(side / root, picture.height);
  return {
    left: random.integer(0, picture.width - width),
    top: random.integer(0, picture.height - height),
    width,
    height,
  };
}

/**
 * The picture in [-1, 1] with v in [0, 1] as min(1, gain v^exponent): darker, lighter, softer or
 * harder.
 */
export function retoned(image: Image, random: Random): Image {
  const exponent = Math.exp(exponentDeviation * random.normal());
  const gain = Math.exp(gainDeviation * random.normal());
  const data = image.data.map((v) => 2 * Math.min(1, gain * ((v + 1) / 2) ** exponent) - 1);
  return { ...image, data };
}

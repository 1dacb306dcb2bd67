/** Known pixels spread over unknown ones. */
import type { Image, Mask } from "./image.ts";
import { checkMaskSize } from "./mask.ts";

/**
 * A copy in which each pixel under the mask has the values of the nearest known one. Distance is
 * counted in steps along rows and columns. Without a known pixel it is a plain copy. Resizing then
 * mixes nothing foreign into the known pixels.
 * @throws PaletteError when the mask has another size.
 */
export function extrapolateKnown(image: Image, mask: Mask): Image {
  checkMaskSize(mask, image.width, image.height);
  const { width } = image;
  const pixels = mask.data.length;
  const unknown = mask.data.reduce((sum, value) => sum + value, 0);
  // Of each pixel the known one that it takes its values from; reached in order of distance.
  const from = new Int32Array(pixels).fill(-1);
  const reached = new Int32Array(unknown);
  let count = 0;
  const reach = (at: number, source: number) => {
    from[at] = source;
    reached[count++] = at;
  };
  for (let at = 0; at < pixels; at++) {
    if (mask.data[at] === 0) continue;
    const source = neighbours(at, width, pixels).find((next) => mask.data[next] === 0);
    if (source !== undefined) reach(at, source);
  }
  for (let k = 0; k < count; k++) {
    const at = reached[k]!;
    for (const next of neighbours(at, width, pixels)) {
      if (mask.data[next] === 1 && from[next] === -1) reach(next, from[at]!);
    }
  }
  const data = image.data.slice();
  for (const at of reached.subarray(0, count)) {
    for (let c = 0; c < 3; c++) data[c * pixels + at] = data[c * pixels + from[at]!]!;
  }
  return { ...image, data };
}

/** The pixels at the left, right, above and below, where there are. */
function neighbours(at: number, width: number, pixels: number): number[] {
  const x = at % width;
  const found: number[] = [];
  if (x > 0) found.push(at - 1);
  if (x < width - 1) found.push(at + 1);
  if (at >= width) found.push(at - width);
  if (at + width < pixels) found.push(at + width);
  return found;
}

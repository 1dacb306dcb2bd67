/** How a hole is shown to the network: as noise in the source, without a channel of its own. */
import type { Image, Mask } from "../image/image.ts";
import type { Random } from "../util/random.ts";

/**
 * A copy of `y` whose pixels in the hole are drawn from N(0, 1) (paper, section 4.2). The known
 * ones are exactly those of `y`.
 */
export function noiseInMask(y: Image, mask: Mask, random: Random): Image {
  const data = y.data.slice();
  const pixels = y.width * y.height;
  for (let i = 0; i < data.length; i++) {
    if (mask.data[i % pixels] === 1) data[i] = random.normal();
  }
  return { width: y.width, height: y.height, data };
}

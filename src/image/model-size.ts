/** At which size a picture of any size is given to a network of one size. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Thin pictures are not enlarged beyond this many sides of the network: the rest is filled up. */
const longest = 4;

/**
 * The size nearest to `scale` times the picture's at which it suits a network of `side` x `side`.
 * Its short side is at least `side`, unless the long side would exceed four times that. What such a
 * thin copy lacks has to be filled up (`extend`).
 */
export function modelSize({ width, height }: Size, scale: number, side: number): Size {
  const fits = side / Math.min(width, height);
  const limit = Math.max(1, (longest * side) / Math.max(width, height));
  const used = Math.max(scale, Math.min(fits, limit));
  return {
    width: Math.max(1, Math.round(width * used)),
    height: Math.max(1, Math.round(height * used)),
  };
}

/** The size at which the short side has the network's `side`. */
export function smallestSize(size: Size, side: number): Size {
  return modelSize(size, 0, side);
}

/**
 * Rectangular masks: 1 to 5 rectangles, all counts equally likely. Together they cover 10 to 40 %
 * of the picture (paper, section 4.2 and appendix). The paper does not say how area is shared and
 * placed. Here total and place are uniform, the aspect is between 1:2 and 2:1.
 */
import { type Box, createMask, type Mask } from "../image/image.ts";
import { maskedShare } from "../image/mask.ts";
import type { Random } from "../util/random.ts";

export const rectangleCount = { least: 1, most: 5 };
export const rectangleArea = { least: 0.1, most: 0.4 };

/** The rectangles; they may overlap, and their union is within the limits. */
export function randomRectangles(width: number, height: number, random: Random): Box[] {
  const count = random.integer(rectangleCount.least, rectangleCount.most);
  // Overlap and rounding can push the union over a limit; drawing again keeps the count uniform.
  for (;;) {
    const total = random.between(rectangleArea.least, rectangleArea.most);
    const weights = Array.from({ length: count }, () => random.between(0.5, 1.5));
    const sum = weights.reduce((a, b) => a + b, 0);
    const boxes = weights.map((w) => randomBox(width, height, (total * w) / sum, random));
    const share = maskedShare(rectangleMask(width, height, boxes));
    if (share >= rectangleArea.least && share <= rectangleArea.most) return boxes;
  }
}

/** 1 inside any of the boxes. */
export function rectangleMask(width: number, height: number, boxes: readonly Box[]): Mask {
  const mask = createMask(width, height);
  for (const box of boxes) {
    for (let y = box.top; y < box.top + box.height; y++) {
      mask.data.fill(1, y * width + box.left, y * width + box.left + box.width);
    }
  }
  return mask;
}

/** A box of about this share of the picture's area. */
function randomBox(width: number, height: number, share: number, random: Random): Box {
  const stretch = 2 ** random.between(-0.5, 0.5);
  const boxWidth = wholeBetween(Math.sqrt(share) * width * stretch, width);
  const boxHeight = wholeBetween((Math.sqrt(share) * height) / stretch, height);
  return {
    left: random.integer(0, width - boxWidth),
    top: random.integer(0, height - boxHeight),
    width: boxWidth,
    height: boxHeight,
  };
}

function wholeBetween(value: number, most: number): number {
  return Math.min(most, Math.max(1, Math.round(value)));
}

/** A mask grown or shrunk by a disc. */

import type { Box } from "../../../image/image.ts";
import { type MaskBitmap, wholeBox } from "./bitmap.ts";

/** Every pixel within `radius` of a filled one is filled. */
export function grow(mask: MaskBitmap, radius: number): Box {
  spread(mask, radius, 1);
  return wholeBox(mask);
}

/** Every pixel within `radius` of a known one is known. The picture's edge takes nothing away. */
export function shrink(mask: MaskBitmap, radius: number): Box {
  spread(mask, radius, 0);
  return wholeBox(mask);
}

/**
 * Exact and linear in the pixels: the vertical distance to the nearest pixel of that value, up to
 * the radius, says how far to the sides it reaches; a row's reaches are summed as differences.
 */
function spread({ width, height, data }: MaskBitmap, radius: number, value: 0 | 1): void {
  const far = Math.floor(radius) + 1;
  const distances = new Uint16Array(data.length).fill(far);
  for (let x = 0; x < width; x++) {
    for (let y = 0, away = far; y < height; y++) {
      const i = y * width + x;
      away = data[i] === value ? 0 : Math.min(far, away + 1);
      distances[i] = away;
    }
    for (let y = height - 1, away = far; y >= 0; y--) {
      const i = y * width + x;
      away = data[i] === value ? 0 : Math.min(far, away + 1);
      distances[i] = Math.min(distances[i]!, away);
    }
  }
  const reach = Array.from({ length: far }, (_, away) =>
    Math.floor(Math.sqrt(radius * radius - away * away)),
  );
  const differences = new Int32Array(width + 1);
  for (let y = 0; y < height; y++) {
    differences.fill(0);
    const row = y * width;
    for (let x = 0; x < width; x++) {
      const away = distances[row + x]!;
      if (away >= far) continue;
      const half = reach[away]!;
      differences[Math.max(0, x - half)]!++;
      differences[Math.min(width, x + half + 1)]!--;
    }
    for (let x = 0, covered = 0; x < width; x++) {
      covered += differences[x]!;
      if (covered > 0) data[row + x] = value;
    }
  }
}

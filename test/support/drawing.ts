import { createImage, type Image } from "../../src/image/image.ts";
import { Random } from "../../src/util/random.ts";

/**
 * A drawing of few colours: flat shapes with hard edges and thin lines, as in a chart or a
 * screenshot.
 */
export function drawing(width: number, height: number, seed = 1): Image {
  const random = Random.from("drawing", seed);
  const palette = [
    [255, 255, 255],
    [32, 32, 32],
    [220, 50, 47],
    [38, 139, 210],
    [255, 200, 0],
    [60, 160, 80],
  ].map((rgb) => rgb.map((value) => value / 127.5 - 1));
  const image = createImage(width, height, 1);
  const fill = (inside: (x: number, y: number) => boolean, colour: readonly number[]) => {
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (!inside(x, y)) continue;
        for (const [c, value] of colour.entries()) image.data[c * width * height + i] = value;
      }
    }
  };
  for (let k = 0; k < 12; k++) {
    const [left, top] = [random.integer(0, width - 1), random.integer(0, height - 1)];
    const [w, h] = [random.integer(8, width / 3), random.integer(8, height / 3)];
    const radius = random.integer(6, width / 6);
    const colour = palette[k % palette.length]!;
    if (k % 3 === 0) fill((x, y) => Math.hypot(x - left, y - top) < radius, colour);
    else fill((x, y) => x >= left && x < left + w && y >= top && y < top + h, colour);
  }
  for (let k = 0; k < 6; k++) {
    const slope = random.between(-1, 1);
    const start = random.integer(0, height - 1);
    fill((x, y) => Math.abs(y - start - slope * x) < 1, palette[1]!);
  }
  return image;
}

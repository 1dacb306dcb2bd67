/** Small photos for tests of training: smooth, colourful, different. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createImage } from "../src/image/image.ts";
import { writeImage } from "../src/node/encode-image.ts";
import { Random } from "../src/util/random.ts";

/** Writes `count` photos and, when asked, as many files that are none; returns the folder. */
export async function writePhotos(folder: string, count: number, broken = 0): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (let k = 0; k < count; k++) {
    const random = Random.from("test photo", k);
    const [width, height] = [random.integer(40, 70), random.integer(40, 70)];
    const image = createImage(width, height);
    for (let c = 0, i = 0; c < 3; c++) {
      const [a, b, phase] = [
        random.between(-0.2, 0.2),
        random.between(-0.2, 0.2),
        random.uniform(),
      ];
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++, i++) image.data[i] = Math.sin(a * x + b * y + 6 * phase);
    }
    await writeImage(join(folder, `photo-${String(k).padStart(3, "0")}.png`), image);
  }
  for (let k = 0; k < broken; k++) await writeFile(join(folder, `photo-000-broken-${k}.jpg`), "no");
  return folder;
}

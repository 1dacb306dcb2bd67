/** Masks: as photos are damaged, of any size, for a good photo. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { Random } from "../../../src/util/random.ts";
import type { Case, CaseKind, Place } from "../cases.ts";
import { specimens } from "../specimens.ts";
import { type GivenPicture, givePicture, quickly } from "./photo.ts";

async function make(random: Random, place: Place): Promise<Case> {
  const { path, what, hopeless } = await giveMask(random, place);
  // Whether a good picture fits the photo and fills anything is its content's matter.
  const codes = hopeless ? [1] : [0, 1];
  if (random.uniform() < 0.4) {
    const call = { name: "readMask", path, bytes: !hopeless && random.uniform() < 0.3 } as const;
    return { what: `readMask: ${what}`, run: { call }, codes };
  }
  const photo = place.specimen(random.pick(["rgb.png", "turned.jpg", "alpha.png", "gray.jpg"]));
  const argv = ["inpaint", photo, `--mask=${path}`, ...quickly(place)];
  return { what: `inpaint: ${what}`, run: { argv }, codes };
}

async function giveMask(random: Random, place: Place): Promise<GivenPicture> {
  if (random.uniform() < 0.7) {
    const masks = [specimens.mask, ...specimens.pictures];
    return givePicture(place.room, place, random, masks);
  }
  const size = () => random.pick([1, 2, 7, 36, 48, 500, 3000]);
  const [width, height, value] = [size(), size(), random.pick([0, 1, 127, 128, 254, 255])];
  const path = join(place.room, "mask.png");
  const channels = random.pick([3, 4] as const);
  const background = { r: value, g: value, b: value, alpha: random.pick([0, 0.5, 1]) };
  const plain = sharp({ create: { width, height, channels, background } });
  await writeFile(path, await plain.png().toBuffer());
  const what = `${width}x${height}, all ${value}`;
  return { path, what, good: true, hopeless: false };
}

export const mask: CaseKind = { name: "mask", title: "masks", share: 1200, make };

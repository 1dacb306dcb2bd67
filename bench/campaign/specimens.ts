/** Good files of every kind that the campaign damages: small, and the same in every run. */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp, { type Sharp } from "sharp";
import { run } from "../../src/cli/run.ts";
import { exportSafetensors } from "../../src/interop/export-network.ts";
import { saveModel } from "../../src/node/model-folder.ts";
import { Random } from "../../src/util/random.ts";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { theirModel, tinyCheckpoint } from "../../test/support/pytorch-palette.ts";
import { writeTinyNetwork } from "../../test/support/tiny-network.ts";
import { writePhotos } from "../../test/training-photos.ts";

export const smallest = JSON.stringify(smallestNetwork);

/** A training that goes through in a second, and whose folder is a specimen. */
export const shortTraining = ["--network", smallest, "--batch", "2", "--threads", "1"] as const;

const fixtures = fileURLToPath(new URL("../../test/fixtures/pytorch-palette/", import.meta.url));

/** The names in the folder of specimens. */
export const specimens = {
  model: "model",
  photos: "photos",
  nets: "nets",
  run: "run",
  pictures: [
    ...["rgb.png", "gray.png", "alpha.png", "deep.png", "indexed.png", "interlaced.png"],
    ...["baseline.jpg", "progressive.jpg", "turned.jpg", "ink.jpg", "gray.jpg"],
    ...["lossy.webp", "lossless.webp", "lzw.tif", "deep.tif", "float.tif", "still.gif"],
    ...["moving.gif", "picture.avif"],
  ],
  checkpoints: ["tiny.pth", "kinds_zip.pt", "kinds_legacy.pt"],
  theirWeights: "theirs.safetensors",
  theirConfig: "tiny.jsonc",
  mask: "mask.png",
} as const;

export const pictureSize = { width: 48, height: 36 } as const;

/** Writes all specimens into a new folder. */
export async function writeSpecimens(root: string): Promise<void> {
  const at = (name: string) => join(root, name);
  await mkdir(root, { recursive: true });
  await writePhotos(at(specimens.photos), 4);
  await writeTinyNetwork(at(specimens.nets));
  await saveModel(at(specimens.model), randomModel({}, smallestNetwork));
  for (const [name, picture] of Object.entries(pictures())) await picture.toFile(at(name));
  await painted(1).png().toFile(at(specimens.mask));
  await writeFile(at("tiny.pth"), await tinyCheckpoint());
  for (const name of ["kinds_zip.pt", "kinds_legacy.pt", specimens.theirConfig])
    await copyFile(join(fixtures, name), at(name));
  await writeFile(at(specimens.theirWeights), exportSafetensors(theirModel()).bytes);
  const training = ["train", "--data", at(specimens.photos), "--out", at(specimens.run)];
  const code = await run([...training, ...shortTraining, "--images", "4", "--tasks", "colorize"]);
  if (code !== 0) throw new Error("The specimen of a training could not be made.");
}

/** One picture of each format and peculiarity. */
function pictures(): Record<(typeof specimens.pictures)[number], Sharp> {
  return {
    "rgb.png": painted(3).png(),
    "gray.png": painted(1).toColourspace("b-w").png(),
    "alpha.png": painted(4).png(),
    "deep.png": painted(3).toColourspace("rgb16").png(),
    "indexed.png": painted(3).png({ palette: true, colours: 16 }),
    "interlaced.png": painted(3).png({ progressive: true }),
    "baseline.jpg": painted(3).jpeg({ quality: 60 }),
    "progressive.jpg": painted(3).jpeg({ progressive: true }),
    "turned.jpg": painted(3).withMetadata({ orientation: 6, density: 300 }).jpeg(),
    "ink.jpg": painted(3).toColourspace("cmyk").jpeg(),
    "gray.jpg": painted(1).toColourspace("b-w").jpeg(),
    "lossy.webp": painted(4).webp({ quality: 50 }),
    "lossless.webp": painted(4).webp({ lossless: true }),
    "lzw.tif": painted(3).tiff({ compression: "lzw" }),
    "deep.tif": painted(3).toColourspace("rgb16").tiff({ compression: "none" }),
    "float.tif": painted(3).toColourspace("scrgb").tiff({ compression: "none" }),
    "still.gif": painted(4).gif(),
    "moving.gif": sharp(Buffer.concat([pixels(3, 1), pixels(3, 2)]), {
      raw: { ...rawOf(3), height: 2 * pictureSize.height, pageHeight: pictureSize.height },
    }).gif(),
    "picture.avif": painted(3).avif({ effort: 0 }),
  };
}

const rawOf = (channels: 1 | 3 | 4) => ({ ...pictureSize, channels });

function pixels(channels: 1 | 3 | 4, seed: number): Buffer {
  const random = Random.from("campaign picture", channels, seed);
  const { width, height } = pictureSize;
  const waves = Array.from({ length: channels }, () => [
    random.between(-0.3, 0.3),
    random.between(-0.3, 0.3),
    random.between(0, 6),
  ]);
  return Buffer.from(
    Array.from({ length: width * height * channels }, (_, i) => {
      const [a = 0, b = 0, phase = 0] = waves[i % channels] ?? [];
      const at = Math.floor(i / channels);
      return 127 + 120 * Math.sin(a * (at % width) + b * Math.floor(at / width) + phase);
    }),
  );
}

function painted(channels: 1 | 3 | 4, seed = 0): Sharp {
  return sharp(pixels(channels, seed), { raw: rawOf(channels) });
}

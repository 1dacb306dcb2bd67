/**
 * What JPEG restoration gains, by quality, steps and windows, on held-out photos at their own
 * pixels, and what it costs:
 *
 *   npx tsx bench/dejpeg.ts FOLDER... [--model M] [--photos 6] [--side 256] [--qualities 10,20,80]
 *     [--ways 20@64/32,3@128/16,mean@128/16] [--drawings 4] [--tiles DIR]
 *
 * A way is STEPS@WINDOW/OVERLAP; "mean" in the place of steps is the posterior mean. After it may
 * follow :SIGMA, the noise under which the JPEG is seen first, and :SHARE, how much of it is added;
 * without them both are the model's. So many photos of each folder are spread over its held-out
 * ones (every:7:1) and cut to the middle. Prints a Markdown table: what the network makes alone,
 * and the answer with the share that the model's config.json gives it at this quality.
 *
 * --tiles writes the truth, the JPEGs and the answers as tiles of 64x64 pixels, for
 * `palette fid DIR/SET/QUALITY/WAY DIR/SET/QUALITY/truth`.
 */
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { psnr } from "../src/evaluation/metrics/psnr.ts";
import { crop, type Image, toBytes } from "../src/image/image.ts";
import { jpegShare } from "../src/models/settings/by-jpeg-quality.ts";
import { jpegRoundTrip } from "../src/node/jpeg.ts";
import { loadNetwork } from "../src/node/load-network.ts";
import { findModel, loadModel } from "../src/node/model-folder.ts";
import { Palette, readImage, type SamplingOptions, writeImage } from "../src/node.ts";
import { mean } from "../src/util/mean.ts";
import { drawing } from "../test/support/drawing.ts";
import { heldOutPaths, middleOf } from "./held-out.ts";

const { values, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string" },
    photos: { type: "string", default: "6" },
    side: { type: "string", default: "256" },
    qualities: { type: "string", default: "10,20,80" },
    ways: { type: "string", default: "20@64/32,3@128/16" },
    drawings: { type: "string", default: "0" },
    tiles: { type: "string" },
  },
});
const side = Number(values.side);
const qualities = values.qualities.split(",").map(Number);
const ways = values.ways.split(",").map((name) => {
  const [, steps, window, overlap, sigma, noise] =
    /^([1-9]\d*|mean)@([1-9]\d*)\/([1-9]\d*)(?::([\d.]+)(?::([\d.]+))?)?$/.exec(name) ?? [];
  if (steps === undefined)
    throw new Error(`Write a way as 3@128/16 or 3@128/16:0.5:0.4, not ${name}.`);
  const options: SamplingOptions = steps === "mean" ? { mean: true } : { steps: Number(steps) };
  const sampling = {
    window: { side: Number(window), overlap: Number(overlap) },
    ...(sigma && { jpegStarts: { 1: Number(sigma) } }),
    ...(noise && { startNoise: { dejpeg: Number(noise) } }),
  };
  return { name, options, sampling };
});

type Way = (typeof ways)[number];

/** The middle, at most `side` pixels a side, in whole macroblocks of JPEG. */
function middle(photo: Image): Image {
  const [width, height] = [photo.width, photo.height].map(
    (length) => 16 * Math.floor(Math.min(side, length) / 16),
  ) as [number, number];
  return middleOf(photo, { width, height });
}

/** Pictures that are measured together. */
interface PictureSet {
  readonly name: string;
  readonly pictures: readonly Image[];
}

async function heldOutOf(folder: string): Promise<PictureSet> {
  const chosen = await heldOutPaths(folder, Number(values.photos));
  return {
    name: basename(folder),
    pictures: await Promise.all(chosen.map(async (file) => middle(await readImage(file)))),
  };
}

const drawings = Array.from({ length: Number(values.drawings) }, (_, k) =>
  drawing(side, side, k + 1),
);
const sets = [
  ...(await Promise.all(folders.map(heldOutOf))),
  ...(drawings.length > 0 ? [{ name: "drawings", pictures: drawings }] : []),
];
const model = await loadModel(await findModel(values.model));
const decibels = (a: Image, b: Image) => psnr(toBytes(a), toBytes(b), a);
const shown = (all: readonly number[]) => mean(all).toFixed(2);

const tile = 64;

/** Writes the whole tiles of pictures, if they are wanted. */
async function writeTiles(pictures: readonly Image[], ...names: readonly string[]) {
  if (values.tiles === undefined) return;
  const folder = join(values.tiles, ...names);
  await mkdir(folder, { recursive: true });
  for (const [k, picture] of pictures.entries()) {
    for (let top = 0; top + tile <= picture.height; top += tile) {
      for (let left = 0; left + tile <= picture.width; left += tile) {
        const part = crop(picture, { left, top, width: tile, height: tile });
        await writeImage(join(folder, `${k}-${top}-${left}.png`), part);
      }
    }
  }
}

/** A row of the table: a set at one quality. */
async function measure(palette: Palette, set: PictureSet, quality: number, way: Way) {
  const { pictures, name } = set;
  const jpegs = await Promise.all(pictures.map((picture) => jpegRoundTrip(picture, quality)));
  const start = process.cpuUsage();
  const alone: Image[] = [];
  for (const jpeg of jpegs) {
    alone.push((await palette.dejpeg(jpeg, { ...way.options, quality, force: true }))[0]!);
  }
  const { user, system } = process.cpuUsage(start);
  const share = jpegShare(quality, model.config.sampling ?? {});
  const answers = alone.map((image, k) => ({
    ...image,
    data: image.data.map((value, i) => jpegs[k]!.data[i]! * (1 - share) + share * value),
  }));
  // The same for all ways.
  if (way === ways[0]) {
    await writeTiles(pictures, name, `${quality}`, "truth");
    await writeTiles(jpegs, name, `${quality}`, "jpeg");
  }
  await writeTiles(answers, name, `${quality}`, way.name.replace("/", "-").replaceAll(":", "_"));
  const [before, network, after] = [jpegs, alone, answers].map((all) =>
    pictures.map((picture, k) => decibels(picture, all[k]!)),
  );
  const gains = after!.map((value, k) => value - before![k]!);
  const megapixels = pictures.reduce((sum, { width, height }) => sum + width * height, 0) / 1e6;
  return [
    ...[name, quality, shown(before!), shown(network!), share.toFixed(2), shown(after!)],
    ...[
      shown(gains),
      Math.min(...gains).toFixed(2),
      ((user + system) / 1e6 / megapixels).toFixed(0),
    ],
  ];
}

const counts = sets.map(({ name, pictures }) => `${pictures.length} ${name}`);
console.log(`${counts.join(", ")}; dB, and seconds of one core a megapixel\n`);
console.log("| way | set | quality | JPEG | network alone | share | answer | gain | worst | s |");
console.log("|---|---|---|---|---|---|---|---|---|---|");
for (const way of ways) {
  const { name } = way;
  const config = { ...model.config, sampling: { ...model.config.sampling, ...way.sampling } };
  const palette = new Palette(await loadNetwork({ ...model, config }), { onWarning: () => {} });
  // Compiling is not taken for its speed.
  await palette.dejpeg(sets[0]!.pictures[0]!, { steps: 1 });
  for (const quality of qualities) {
    for (const set of sets) {
      console.log(`| ${[name, ...(await measure(palette, set, quality, way))].join(" | ")} |`);
    }
  }
  await palette.dispose();
}

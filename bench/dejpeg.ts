/**
 * What JPEG restoration gains, by quality, steps and windows, on held-out photos at their own
 * pixels, and what it costs:
 *
 *   npx tsx bench/dejpeg.ts FOLDER... [--model M] [--photos 6] [--side 256] [--qualities 10,20,80]
 *     [--ways 20@64/32,3@128/16,1@128/16] [--drawings 4]
 *
 * A way is STEPS@WINDOW/OVERLAP. So many photos of each folder are spread over its held-out ones
 * (every:7:1) and cut to the middle. Prints a Markdown table: what the network makes alone, and the
 * answer with the share that the model's config.json gives it at this quality.
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { psnr } from "../src/evaluation/metrics/psnr.ts";
import { type Image, toBytes } from "../src/image/image.ts";
import { jpegShare } from "../src/models/settings/jpeg-shares.ts";
import { jpegRoundTrip } from "../src/node/jpeg.ts";
import { loadNetwork } from "../src/node/load-network.ts";
import { findModel, loadModel } from "../src/node/model-folder.ts";
import { Palette, readImage } from "../src/node.ts";
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
  },
});
const side = Number(values.side);
const qualities = values.qualities.split(",").map(Number);
const ways = values.ways.split(",").map((name) => {
  const [, steps, window, overlap] = (/^(\d+)@(\d+)\/(\d+)$/.exec(name) ?? []).map(Number);
  if (!steps || !window || !overlap) throw new Error(`Write a way as 3@128/16, not ${name}.`);
  return { name, steps, window: { side: window, overlap } };
});

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

/** A row of the table: a set at one quality. */
async function measure(palette: Palette, set: PictureSet, quality: number, steps: number) {
  const { pictures } = set;
  const jpegs = await Promise.all(pictures.map((picture) => jpegRoundTrip(picture, quality)));
  const start = process.cpuUsage();
  const alone: Image[] = [];
  for (const jpeg of jpegs) alone.push((await palette.dejpeg(jpeg, { steps }))[0]!);
  const { user, system } = process.cpuUsage(start);
  const share = jpegShare(quality, model.config.sampling ?? {});
  const answers = alone.map((image, k) => ({
    ...image,
    data: image.data.map((value, i) => jpegs[k]!.data[i]! * (1 - share) + share * value),
  }));
  const [before, network, after] = [jpegs, alone, answers].map((all) =>
    pictures.map((picture, k) => decibels(picture, all[k]!)),
  );
  const gains = after!.map((value, k) => value - before![k]!);
  const megapixels = pictures.reduce((sum, { width, height }) => sum + width * height, 0) / 1e6;
  return [
    ...[set.name, quality, shown(before!), shown(network!), share.toFixed(2), shown(after!)],
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
for (const { name, steps, window } of ways) {
  const config = { ...model.config, sampling: { ...model.config.sampling, window } };
  const palette = new Palette(await loadNetwork({ ...model, config }), { onWarning: () => {} });
  // Compiling is not taken for its speed.
  await palette.dejpeg(sets[0]!.pictures[0]!, { steps: 1 });
  for (const quality of qualities) {
    for (const set of sets) {
      console.log(`| ${[name, ...(await measure(palette, set, quality, steps))].join(" | ")} |`);
    }
  }
  await palette.dispose();
}

/**
 * Whether one sees where a photo was filled: what lies across the border of the filling, divided by
 * the same in the truth, on held-out photos (every:7:1) at their own pixels:
 *
 *   npx tsx bench/borders.ts FOLDER... [--model M] [--photos 12] [--side 512] [--seed 0]
 *     [--ways soft,1,3,mean] [--tasks inpaint,uncrop] [--pictures DIR]
 *
 * A way is a number of steps of sharpening, or "soft": enlarged only. Of each photo the middle is
 * taken: one rectangular hole of a fifth of it is filled, and a third at the right is grown anew.
 * Prints a Markdown table of medians over photos with intervals of 95 % (bootstrap), and the
 * seconds of one core that a picture takes.
 *
 * - step: mean absolute difference of the brightness of both sides, means of 4x8 pixels
 * - contrast: deviation from the mean of 5x5 pixels within 16 pixels of the border, filled side by
 *   known side
 * - detail 1, 2, 4: energy of the filling between that scale and the next coarser one, in pixels,
 *   as square root; noise would show as too much of 1
 * - gradient: root of the mean squared gradient of the filling
 *
 * 1 is the truth.
 */
import { basename, extname, join } from "node:path";
import { parseArgs } from "node:util";
import { createMask, crop, type Image, lumaOf, type Mask } from "../src/image/image.ts";
import { resize } from "../src/image/resize.ts";
import { loadNetwork } from "../src/node/load-network.ts";
import { findModel, loadModel } from "../src/node/model-folder.ts";
import { Palette, readImage, type SamplingOptions, writeImage } from "../src/node.ts";
import { mean } from "../src/util/mean.ts";
import { Random } from "../src/util/random.ts";
import { heldOutPaths, middleOf } from "./held-out.ts";

const { values, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string" },
    photos: { type: "string", default: "12" },
    side: { type: "string", default: "512" },
    seed: { type: "string", default: "0" },
    ways: { type: "string", default: "soft,3" },
    tasks: { type: "string", default: "inpaint,uncrop" },
    pictures: { type: "string" },
  },
});
const side = Number(values.side);
const seed = Number(values.seed);

interface NamedPhoto {
  readonly name: string;
  readonly photo: Image;
}

/** The middle square. */
async function middle(path: string): Promise<NamedPhoto> {
  const photo = await readImage(path);
  return {
    name: basename(path, extname(path)),
    photo: middleOf(photo, { width: side, height: side }),
  };
}

async function heldOutOf(folder: string): Promise<NamedPhoto[]> {
  return Promise.all((await heldOutPaths(folder, Number(values.photos))).map(middle));
}

/** A hole that touches no edge, of a fifth of the picture. */
function holeFor(name: string): Mask {
  const random = Random.from("borders", name);
  const mask = createMask(side, side);
  const width = Math.round(side * random.between(0.36, 0.56));
  const height = Math.round((0.2 * side * side) / width);
  const rim = side / 16;
  const left = Math.round(random.between(rim, side - rim - width));
  const top = Math.round(random.between(rim, side - rim - height));
  for (let y = top; y < top + height; y++)
    mask.data.fill(1, y * side + left, y * side + left + width);
  return mask;
}

/** A third of the width at the right. */
function rightThird(): Mask {
  const mask = createMask(side, side);
  for (let y = 0; y < side; y++) mask.data.fill(1, y * side + known, (y + 1) * side);
  return mask;
}
const known = 2 * Math.floor((side - 1) / 3);

const tasks: Record<
  string,
  (palette: Palette, photo: NamedPhoto, options: SamplingOptions) => Promise<[Image, Mask]>
> = {
  async inpaint(palette, { name, photo }, options) {
    const mask = holeFor(name);
    return [(await palette.inpaint(photo, { ...options, mask }))[0]!, mask];
  },
  async uncrop(palette, { photo }, options) {
    const input = crop(photo, { left: 0, top: 0, width: known, height: side });
    const margins = { left: 0, top: 0, bottom: 0, right: side - known };
    return [(await palette.uncrop(input, { ...options, margins }))[0]!, rightThird()];
  },
};

/** What is measured of a picture, given what of it is filled. */
function measure(picture: Image, mask: Mask): Record<string, number> {
  const luma = lumaOf(picture);
  const near = bordersOf(mask);
  const square = (value: number) => value * value;
  const high = luma.map((value, i) => square(value - around(luma, i, 2)));
  const [inside, outside] = [within(mask, 16, 1), within(mask, 16, 0)];
  const filled = indices(mask.data, 1);
  const bands = detailOf(luma);
  return {
    step: mean(near.map(([a, b]) => Math.abs(meanOf(luma, a) - meanOf(luma, b)))),
    contrast: Math.sqrt(meanOf(high, inside) / meanOf(high, outside)),
    ...Object.fromEntries(
      bands.map((band, k) => [`detail ${2 ** k}`, Math.sqrt(meanOf(band.map(square), filled))]),
    ),
    gradient: Math.sqrt(
      meanOf(
        luma.map((value, i) =>
          (i + 1) % side === 0 || i + side >= luma.length
            ? 0
            : square(luma[i + 1]! - value) + square(luma[i + side]! - value),
        ),
        filled,
      ),
    ),
  };
}

function meanOf(values: Float32Array, at: readonly number[]): number {
  let sum = 0;
  for (const i of at) sum += values[i]!;
  return sum / at.length;
}

function indices(data: Float32Array, wanted: number): number[] {
  return Array.from(data.keys()).filter((i) => data[i] === wanted);
}

/** Mean of the square of (2 reach + 1)^2 pixels around. */
function around(luma: Float32Array, at: number, reach: number): number {
  const [x, y] = [at % side, Math.floor(at / side)];
  let [sum, count] = [0, 0];
  for (let v = Math.max(0, y - reach); v <= Math.min(side - 1, y + reach); v++) {
    for (let u = Math.max(0, x - reach); u <= Math.min(side - 1, x + reach); u++, count++)
      sum += luma[v * side + u]!;
  }
  return sum / count;
}

/** Pixels of one kind (1 filled, 0 known) within so many pixels of the other. */
function within(mask: Mask, reach: number, kind: 0 | 1): number[] {
  const across = mask.data.map((_, i) => {
    const x = i % side;
    const row = i - x;
    for (let u = Math.max(0, x - reach); u <= Math.min(side - 1, x + reach); u++)
      if (mask.data[row + u] !== kind) return 1;
    return 0;
  });
  return indices(mask.data, kind).filter((i) => {
    for (let v = i - reach * side; v <= i + reach * side; v += side) if (across[v]) return true;
    return false;
  });
}

/** Along the border, pairs of 4x8 pixels that face each other. */
function bordersOf(mask: Mask): [number[], number[]][] {
  const pairs: [number[], number[]][] = [];
  for (const [step, along] of [
    [1, side],
    [side, 1],
  ] as const) {
    for (let y = 0; y < side - 1; y++) {
      for (let x = 0; x < side - 1; x++) {
        const at = y * side + x;
        if ((along === 1 ? x : y) % 8 !== 0) continue;
        const block = (first: number, sign: number) =>
          Array.from({ length: 32 }, (_, k) => first + sign * step * (k % 4) + along * (k >> 2));
        const [a, b] = [block(at, -1), block(at + step, 1)];
        const kinds = [a, b].map((all) => new Set(all.map((i) => mask.data[i])));
        if (kinds.some(({ size }) => size !== 1)) continue;
        if (mask.data[a[0]!] !== mask.data[b[0]!]) pairs.push([a, b]);
      }
    }
  }
  return pairs;
}

/** What is between scales 1 and 2, 2 and 4, 4 and 8. */
function detailOf(luma: Float32Array): Float32Array[] {
  const gray: Image = {
    width: side,
    height: side,
    data: new Float32Array([...luma, ...luma, ...luma]),
  };
  const smooth = [1, 2, 4, 8].map((scale) => {
    const small = resize(gray, Math.round(side / scale), Math.round(side / scale));
    return resize(small, side, side).data.subarray(0, luma.length);
  });
  return [0, 1, 2].map((k) => smooth[k]!.map((value, i) => value - smooth[k + 1]![i]!));
}

/** "median [low, high]" of ratios; the interval is that of 1000 resamples of the photos. */
function shown(ratios: readonly number[]): string {
  const median = (all: readonly number[]) => {
    const sorted = [...all].sort((a, b) => a - b);
    const half = (sorted.length - 1) / 2;
    return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
  };
  const random = Random.from("medians");
  const drawn = Array.from({ length: 1000 }, () =>
    median(ratios.map(() => ratios[random.integer(0, ratios.length - 1)]!)),
  ).sort((a, b) => a - b);
  return `${median(ratios).toFixed(2)} [${drawn[25]!.toFixed(2)}, ${drawn[974]!.toFixed(2)}]`;
}

const stored = await loadModel(await findModel(values.model));
const photos = (await Promise.all(folders.map(heldOutOf))).flat();
let headed = false;
for (const way of values.ways.split(",")) {
  const steps = Number(way);
  const { sampling } = stored.config;
  const config = Number.isInteger(steps)
    ? { ...stored.config, sampling: { ...sampling, steps: { ...sampling?.steps, sharpen: steps } } }
    : stored.config;
  const palette = new Palette(await loadNetwork({ ...stored, config }), { onWarning: () => {} });
  for (const task of values.tasks.split(",")) {
    const ratios: Record<string, number>[] = [];
    let seconds = 0;
    for (const photo of photos) {
      const before = process.cpuUsage();
      const options = { seed, sharpen: way !== "soft", ...(way === "mean" && { mean: true }) };
      const [answer, mask] = await tasks[task]!(palette, photo, options);
      const { user, system } = process.cpuUsage(before);
      seconds += (user + system) / 1e6;
      const [own, truth] = [measure(answer, mask), measure(photo.photo, mask)];
      ratios.push(
        Object.fromEntries(
          Object.entries(own).map(([name, value]) => [name, value / truth[name]!]),
        ),
      );
      if (values.pictures !== undefined)
        await writeImage(join(values.pictures, `${photo.name}-${task}-${way}.png`), answer);
    }
    const names = Object.keys(ratios[0]!);
    if (!headed) {
      headed = true;
      console.log(`${photos.length} photos of ${side}x${side} pixels, ${stored.config.name}\n`);
      console.log(`| task | steps | core s | ${names.join(" | ")} |`);
      console.log(`|---|---|---|${names.map(() => "---").join("|")}|`);
    }
    const cells = names.map((name) => shown(ratios.map((each) => each[name]!)));
    console.log(
      `| ${task} | ${way} | ${(seconds / photos.length).toFixed(1)} | ${cells.join(" | ")} |`,
    );
  }
  await palette.dispose();
}

/**
 * From photos to training examples. Example k is a function of the seed and of k alone: it does not
 * matter which others were asked, in which order or in which batches, nor which files turned out to
 * be broken before. So a resumed run sees exactly what it would have seen.
 */

import { bisectRight } from "d3-array";
import type { ImageCodec } from "../image/codec.ts";
import { type Box, flipHorizontal, grayscale, type Image, type RgbBytes } from "../image/image.ts";
import { cropAndResizeBytes } from "../image/resize.ts";
import type { Condition, Task } from "../tasks/task.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { Random } from "../util/random.ts";
import { type CropScale, decodedShortSide, randomSquare, squareOf } from "./crop-scale.ts";
import { PhotoCache, usualCacheBytes } from "./photo-cache.ts";
import type { PhotoReader } from "./photo-reader.ts";
import { retoned, stretched } from "./variation.ts";

export interface Example {
  readonly index: number;
  /** The path of the photo that y was cut from. */
  readonly photo: string;
  readonly task: Task;
  /** The clean picture, [3, resolution, resolution] in [-1, 1]. */
  readonly y: Image;
  readonly condition: Condition;
}

export interface ExampleSourceOptions {
  reader: PhotoReader;
  codec: ImageCodec;
  /** Paths, in a fixed order: another order gives other examples. */
  photos: readonly string[];
  /** How often each photo is drawn, in any unit; all equally often unless given. */
  weights?: readonly number[];
  /** Which part of a photo a crop shows; "half..full" unless given. */
  cropScale?: CropScale;
  /** Of a task's crops, by its name, the share at the photo's own pixels; none unless given. */
  ownPixels?: Readonly<Record<string, number>>;
  /** Options for the tasks, the same for all examples; each takes its own. */
  taskOptions?: object;
  /** Each example is of one of these, all equally likely. */
  tasks: readonly Task[];
  resolution: number;
  seed: number;
  /**
   * Share of the pictures that are shown in black and white where the task allows it; 0 unless
   * given.
   */
  gray?: number;
  /** Whether each crop has another aspect and tone (`stretched`, `retoned`); not unless given. */
  vary?: boolean;
  /** How much memory decoded photos may hold; 1 GiB unless given. */
  cacheBytes?: number;
  /** Called once for each file that cannot be used. */
  onSkip?: (path: string, reason: string) => void;
  /** Called for the first photo that is smaller than the resolution and thus enlarged. */
  onEnlarge?: (path: string, photo: RgbBytes) => void;
}

/** About how many bytes of so many decoded photos are kept, if they are of 3:2 and not small. */
export function cachedBytes(photos: number, resolution: number, cropScale?: CropScale): number {
  const shortSide = decodedShortSide(cropScale, resolution) ?? ownShortSide;
  return Math.min(cacheBytes(cropScale), photos * 3 * 1.5 * shortSide ** 2);
}

/** Of photos that are kept at their own size, a guess. */
const ownShortSide = 1024;

/** Photos at their own size take more room. */
function cacheBytes(cropScale?: CropScale): number {
  return cropScale === "own..full" ? 2 * usualCacheBytes : usualCacheBytes;
}

/** Photos below this part of the resolution are left out: enlarged so much, they are blur. */
const smallestShare = 1 / 4;

export class ExampleSource {
  private readonly options: ExampleSourceOptions;
  private readonly cache: PhotoCache;
  private enlarges = false;
  /** Sums of the weights up to each photo's. */
  private readonly upTo: Float64Array | undefined;

  /** @throws UsageError without photos or tasks, or when the resolution is not a whole number. */
  constructor(options: ExampleSourceOptions) {
    const { photos, tasks, resolution } = options;
    if (photos.length === 0) throw new UsageError("Examples need at least one photo.");
    if (tasks.length === 0) throw new UsageError("Examples need at least one task.");
    if (!Number.isInteger(resolution) || resolution < 1) {
      throw new UsageError(`The resolution is a whole number of pixels, not ${resolution}.`);
    }
    this.options = options;
    const { weights, cropScale } = options;
    if (weights !== undefined) {
      if (weights.length !== photos.length || !weights.every((weight) => weight > 0))
        throw new UsageError("Each photo needs a weight above 0.");
      let sum = 0;
      this.upTo = Float64Array.from(weights, (weight) => (sum += weight));
    }
    this.cache = new PhotoCache({
      reader: options.reader,
      ...omitUndefined({
        shortSide: decodedShortSide(cropScale, resolution),
        onSkip: options.onSkip,
      }),
      smallestSide: Math.ceil(smallestShare * resolution),
      cacheBytes: options.cacheBytes ?? cacheBytes(cropScale),
    });
  }

  /** Files met so far that could not be used, with the reason. */
  get skipped(): ReadonlyMap<string, string> {
    return this.cache.skipped;
  }

  /**
   * Example number `index`: a random square of a random photo, half the time mirrored, degraded by
   * a random task.
   * @throws PaletteError when not one of the photos can be used; ReadError when one cannot be read.
   */
  async example(index: number): Promise<Example> {
    const { tasks, resolution, seed, gray = 0, cropScale, taskOptions, codec } = this.options;
    const random = Random.from(seed, "example", index);
    const { path, photo } = await this.choosePhoto(random);
    const box = randomSquare(photo.width, photo.height, resolution, random, cropScale);
    const mirrored = random.uniform() < 0.5;
    const task = random.pick(tasks);
    const cut = await this.cut(photo, this.ownPixels(task, photo, index) ?? box, index);
    const turned = mirrored ? flipHorizontal(cut) : cut;
    const plain = gray > 0 && !task.colours && random.uniform() < gray;
    const y = plain ? grayscale(turned) : turned;
    const condition = await task.degrade(y, { random, codec }, taskOptions);
    return { index, photo: path, task, y, condition };
  }

  /** A square of the photo's own pixels, as often as the task wants one. */
  private ownPixels({ name }: Task, { width, height }: RgbBytes, index: number): Box | undefined {
    const { ownPixels, resolution, seed } = this.options;
    const share = ownPixels?.[name] ?? 0;
    // A stream of its own: the other draws are those of the example as it is.
    const random = Random.from(seed, "own pixels", index);
    if (share === 0 || random.uniform() >= share) return undefined;
    return squareOf(Math.min(resolution, width, height), width, height, random);
  }

  /** The square at the resolution, varied when that is asked for. */
  private async cut(photo: RgbBytes, square: Box, index: number): Promise<Image> {
    const { resolution, seed, vary = false } = this.options;
    if (!vary) return cropAndResizeBytes(photo, square, resolution, resolution);
    // A stream of its own: the other draws are those of the example as it is.
    const random = Random.from(seed, "variation", index);
    const box = stretched(square, photo, resolution, random);
    return retoned(cropAndResizeBytes(photo, box, resolution, resolution), random);
  }

  /**
   * Draws until a photo can be used. Broken ones are drawn too, whether or not they are known to be
   * broken: otherwise the stream would depend on what was asked before.
   */
  private async choosePhoto(random: Random): Promise<{ path: string; photo: RgbBytes }> {
    const { photos, resolution, onEnlarge } = this.options;
    while (this.cache.skipped.size < photos.length) {
      const path = this.upTo ? photos[weighted(this.upTo, random)]! : random.pick(photos);
      const photo = await this.cache.get(path);
      if (photo === undefined) continue;
      if (!this.enlarges && Math.min(photo.width, photo.height) < resolution) {
        this.enlarges = true;
        onEnlarge?.(path, photo);
      }
      return { path, photo };
    }
    const [first] = this.cache.skipped.values();
    throw new PaletteError(
      `None of ${quantity(photos.length, "photo")} can be used; the first: ${first}`,
    );
  }
}

/** An index, drawn in proportion to the steps of these sums. */
function weighted(upTo: Float64Array, random: Random): number {
  const last = upTo.length - 1;
  return bisectRight(upTo, random.uniform() * upTo[last]!, 0, last);
}

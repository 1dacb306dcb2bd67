/**
 * The pictures that are evaluated. With random crops, a crop is a random square of a photo, as in
 * training but without mirroring, and the photos take turns; with centre crops each photo gives its
 * largest centred square, the paper's choice. The reference set, to which distributions are
 * compared, is other squares of the same photos (the paper compares to the whole validation set);
 * where each photo has one crop only, it is the evaluated crops themselves.
 */

import { type CropScale, decodedShortSide, randomSquare } from "../../data/crop-scale.ts";
import { PhotoCache } from "../../data/photo-cache.ts";
import type { PhotoReader } from "../../data/photo-reader.ts";
import { centreSquare, type Image } from "../../image/image.ts";
import { cropAndResizeBytes } from "../../image/resize.ts";
import { PaletteError, UsageError } from "../../util/errors.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { Random } from "../../util/random.ts";

export const cropKinds = ["random", "centre"] as const;
export type CropKind = (typeof cropKinds)[number];

export interface Crop {
  /** The path of its photo. */
  readonly photo: string;
  /** Index of the photo: crops of one photo are not independent of each other. */
  readonly group: number;
  /** [3, resolution, resolution] in [-1, 1] */
  readonly image: Image;
}

export interface CropOptions {
  readonly reader: PhotoReader;
  /** Paths in a fixed order. */
  readonly photos: readonly string[];
  readonly resolution: number;
  readonly kind: CropKind;
  /** Of random crops; "half..full" unless given. */
  readonly scale?: CropScale;
  readonly seed: number;
  readonly counts: CropCounts;
}

/**
 * The order in which `count` crops are cut from `photos` photos: crop k from photo order[k %
 * photos]. It is that of the photos. With more photos than crops the seed draws it, as files are
 * often sorted by what they show. Within either case no crop's photo depends on the count.
 */
export function photoOrder(count: number, photos: number, seed: number): number[] {
  const order = Array.from({ length: photos }, (_, k) => k);
  if (count >= photos) return order;
  const random = Random.from(seed, "photos");
  for (let k = 0; k < photos - 1; k++) {
    const other = random.integer(k, photos - 1);
    [order[k], order[other]] = [order[other]!, order[k]!];
  }
  return order;
}

/** How many crops there are of each kind. */
export interface CropCounts {
  readonly evaluated: number;
  readonly reference: number;
}

/** The evaluated crops and those of the reference. */
export class CropSource {
  private readonly options: CropOptions;
  private readonly orders: Readonly<Record<keyof CropCounts, readonly number[]>>;
  private readonly cache: PhotoCache;

  constructor(options: CropOptions) {
    if (options.photos.length === 0) throw new UsageError("There are no photos to evaluate on.");
    this.options = options;
    const { photos, counts, seed } = options;
    this.orders = {
      evaluated: photoOrder(counts.evaluated, photos.length, seed),
      reference: photoOrder(counts.reference, photos.length, seed),
    };
    this.cache = new PhotoCache({
      reader: options.reader,
      ...omitUndefined({ shortSide: decodedShortSide(options.scale, options.resolution) }),
    });
  }

  /** The index of the photo that a crop is cut from. */
  photoOf(index: number, set: keyof CropCounts = "evaluated"): number {
    return this.orders[set][index % this.options.photos.length]!;
  }

  /** Crop number `index`, of the evaluated ones or of the reference. */
  async crop(index: number, set: keyof CropCounts = "evaluated"): Promise<Crop> {
    const { photos, resolution, kind, scale, seed } = this.options;
    const group = this.photoOf(index, set);
    const photo = photos[group]!;
    const bytes = await this.cache.get(photo);
    if (bytes === undefined) throw new PaletteError(this.cache.skipped.get(photo)!);
    const { width, height } = bytes;
    const box =
      kind === "centre"
        ? centreSquare(width, height)
        : randomSquare(width, height, resolution, Random.from(seed, "crop", set, index), scale);
    return { photo, group, image: cropAndResizeBytes(bytes, box, resolution, resolution) };
  }
}

/**
 * Of the photos those that can be decoded and have enough pixels, and why the others cannot be
 * used.
 */
export async function usablePhotos(
  reader: PhotoReader,
  photos: readonly string[],
  resolution: number,
  onPhoto?: (done: number) => void,
): Promise<{ usable: string[]; refused: string[] }> {
  // Nothing is kept: whether a photo is usable must not depend on memory.
  const cache = new PhotoCache({
    reader,
    shortSide: 4 * resolution,
    smallestSide: Math.ceil(resolution / 4),
    cacheBytes: 0,
  });
  const found: boolean[] = [];
  const together = 8;
  for (let first = 0; first < photos.length; first += together) {
    const some = photos.slice(first, first + together);
    found.push(
      ...(await Promise.all(some.map(async (path) => (await cache.get(path)) !== undefined))),
    );
    onPhoto?.(found.length);
  }
  return {
    usable: photos.filter((_, k) => found[k]),
    refused: photos.flatMap((path) => cache.skipped.get(path) ?? []),
  };
}

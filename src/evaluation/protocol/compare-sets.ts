/** Two sets of pictures compared, as users of pytorch-fid know it. */
import { fileName } from "../../data/hold-out.ts";
import type { PhotoReader } from "../../data/photo-reader.ts";
import { fromBytes } from "../../image/image.ts";
import { PaletteError } from "../../util/errors.ts";
import {
  extractFeatures,
  type FeatureExtractors,
  networkInfo,
  type Rows,
} from "../features/extract-features.ts";
import { inPieces, type Pieces } from "../metrics/cooperative.ts";
import { frechetDistance, frechetReference } from "../metrics/fid.ts";
import { inceptionScore } from "../metrics/inception-score.ts";
import { leastForKid } from "../metrics/kid.ts";
import { kernelDistanceAsync } from "../metrics/kid-subsets.ts";
import { perceptualDistance } from "../metrics/perceptual.ts";
import type { NetworkInfo } from "../report/report.ts";

export interface ComparisonOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ComparisonProgress) => void;
}

export interface ComparisonProgress {
  /** "pictures": looked at by the network; "kid" and "fid": pieces of their computation. */
  readonly stage: "pictures" | "kid" | "fid";
  readonly done: number;
  readonly total: number;
}

export interface Comparison {
  readonly images: readonly [number, number];
  readonly fid: number;
  /** Undefined when a set has fewer than `leastForKid` pictures. */
  readonly kid?: number;
  /** Of each set; undefined when the network gives no probabilities. */
  readonly is?: readonly [number, number];
  /** Mean distance of pictures of the same name; undefined when the sets' names differ. */
  readonly pd?: number;
  /** What limits the numbers, and why some are missing. */
  readonly notes: readonly string[];
  readonly network: NetworkInfo;
}

/** Pictures of any sizes and formats. */
export interface PictureFiles {
  /** Where they are; names the set in the store of features. */
  readonly place: string;
  /** Paths that `reader` reads. */
  readonly paths: readonly string[];
}

/**
 * FID, KID and IS of two sets of pictures; PD when their names agree. KID takes all pairs, or
 * subsets of more than 10,000 pictures (`kernelDistanceAsync`).
 * @throws PaletteError when a set is too small, a picture is broken, or there is no feature
 * network.
 */
export async function compareSets(
  a: PictureFiles,
  b: PictureFiles,
  extractors: FeatureExtractors,
  reader: PhotoReader,
  { signal, onProgress }: ComparisonOptions = {},
): Promise<Comparison> {
  const { features: network } = extractors;
  if (network === undefined) throw new PaletteError("FID, KID, IS and PD need a feature network.");
  for (const { place, paths } of [a, b]) {
    if (paths.length < 2)
      throw new PaletteError(`${place} holds only one picture: a distribution needs more.`);
  }
  const total = a.paths.length + b.paths.length;
  let done = 0;
  const extract = ({ place, paths }: PictureFiles) => {
    const picture = async (index: number) => {
      const { rgb, width, height } = await reader.read(paths[index]!);
      return fromBytes(rgb, width, height);
    };
    return extractFeatures({ name: place, count: paths.length, picture }, extractors, {
      signal,
      pixels: false,
      onPicture: () => onProgress?.({ stage: "pictures", done: ++done, total }),
    });
  };
  const one = await extract(a);
  const other = await extract(b);
  const [x, y] = [one.features!, other.features!];
  const paired = sameNames(a.paths, b.paths);
  return {
    images: [one.count, other.count],
    ...(await distances(x, y, signal, onProgress)),
    notes: notesOn([one.count, other.count], x.dim, paired, one.probabilities),
    ...(one.probabilities &&
      other.probabilities && { is: [score(one.probabilities), score(other.probabilities)] }),
    ...(paired && { pd: perceptualDistance(x.data, y.data, x.dim) }),
    network: networkInfo(network),
  };
}

/**
 * FID and KID, with pauses: of many pictures they take minutes. What begins is told before it does.
 */
async function distances(
  x: Rows,
  y: Rows,
  signal: AbortSignal | undefined,
  onProgress: ComparisonOptions["onProgress"],
): Promise<Pick<Comparison, "fid" | "kid">> {
  const fewest = Math.min(x.data.length, y.data.length) / x.dim;
  const kid =
    fewest < leastForKid
      ? undefined
      : await kernelDistanceAsync(x.data, y.data, x.dim, {
          signal,
          onProgress: (done, total) => onProgress?.({ stage: "kid", done, total }),
        });
  let done = 0;
  const tell = () => onProgress?.({ stage: "fid", done: done++, total: 3 });
  tell();
  const fid = await inPieces(frechetPieces(x, y), { signal, onPiece: tell });
  tell();
  return { fid, ...(kid !== undefined && { kid }) };
}

function notesOn(
  images: readonly number[],
  dim: number,
  named: boolean,
  probabilities: Rows | undefined,
): string[] {
  const fewest = Math.min(...images);
  return [
    ...(fewest < leastForKid
      ? [`KID needs at least ${leastForKid} pictures in each folder; there are ${fewest}.`]
      : []),
    ...(fewest <= dim
      ? [
          `FID is biased upward: ${fewest} pictures for ${dim} features. Compare it only with FIDs of as many pictures.`,
        ]
      : []),
    ...(probabilities ? [] : ["The network gives no class probabilities: IS is missing."]),
    ...(named ? [] : ["The folders' pictures have different names: PD is missing."]),
  ];
}

/** Both sets, and the decompositions, which cannot be divided. */
function* frechetPieces(x: Rows, y: Rows): Pieces<number> {
  const one = frechetReference(x.data, x.dim);
  yield;
  const other = frechetReference(y.data, y.dim);
  yield;
  return frechetDistance(one, other, x.dim);
}

function score({ data, dim }: Rows): number {
  return inceptionScore(data, dim);
}

/** Whether picture k of one folder is called like picture k of the other, endings aside. */
function sameNames(a: readonly string[], b: readonly string[]): boolean {
  const stem = (path: string) => fileName(path).replace(/\.[^.]+$/, "");
  return a.length === b.length && a.every((path, k) => stem(path) === stem(b[k]!));
}

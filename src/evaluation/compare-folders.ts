/** Two folders of pictures compared, as users of pytorch-fid know it. */
import { basename, resolve } from "node:path";
import { readImage } from "../node/decode-image.ts";
import { chooseNetworks, openFeatureExtractors } from "../node/feature-networks.ts";
import { scanPhotos } from "../node/photo-folders.ts";
import { PaletteError } from "../util/errors.ts";
import {
  disposeExtractors,
  extractFeatures,
  networkInfo,
  type Rows,
} from "./features/extract-features.ts";
import { inPieces, type Pieces } from "./metrics/cooperative.ts";
import { frechetDistance, frechetReference } from "./metrics/fid.ts";
import { inceptionScore } from "./metrics/inception-score.ts";
import { kernelDistanceAsync } from "./metrics/kid-subsets.ts";
import { perceptualDistance } from "./metrics/perceptual.ts";
import type { NetworkInfo } from "./report/report.ts";

export interface FoldersOptions {
  readonly nets?: string | undefined;
  readonly features?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: FoldersProgress) => void) | undefined;
}

export interface FoldersProgress {
  /** "pictures": looked at by the network; "kid" and "fid": pieces of their computation. */
  readonly stage: "pictures" | "kid" | "fid";
  readonly done: number;
  readonly total: number;
}

export interface FoldersComparison {
  readonly images: readonly [number, number];
  readonly fid: number;
  /** Undefined when a folder has fewer than `leastForKid` pictures. */
  readonly kid?: number;
  /** Of each folder; undefined when the network gives no probabilities. */
  readonly is?: readonly [number, number];
  /** Mean distance of pictures of the same name; undefined when the folders' names differ. */
  readonly pd?: number;
  /** What limits the numbers, and why some are missing. */
  readonly notes: readonly string[];
  readonly network: NetworkInfo;
}

/** KID of fewer pictures is mostly noise. */
export const leastForKid = 50;

/**
 * FID, KID and IS of two folders of pictures of any sizes and formats; PD when their names agree. KID
 * takes all pairs, or subsets of more than 10,000 pictures (`kernelDistanceAsync`).
 * @throws PaletteError when a folder is missing or too small, a picture is broken, or there is no
 * feature network.
 */
export async function compareFolders(
  a: string,
  b: string,
  { nets, features, signal, onProgress }: FoldersOptions = {},
): Promise<FoldersComparison> {
  const chosen = await chooseNetworks({ nets, features });
  if (chosen.features === undefined) {
    throw new PaletteError(
      "No feature network was found, and FID, KID, IS and PD need one: palette features list shows how to get it.",
    );
  }
  const sets = [await pictures(a), await pictures(b)] as const;
  const extractors = await openFeatureExtractors({ features: chosen.features });
  try {
    const total = sets[0].length + sets[1].length;
    let done = 0;
    const extract = async (folder: string, paths: readonly string[]) =>
      extractFeatures(
        {
          name: resolve(folder),
          count: paths.length,
          picture: (index) => readImage(paths[index]!),
        },
        extractors,
        {
          signal,
          pixels: false,
          onPicture: () => onProgress?.({ stage: "pictures", done: ++done, total }),
        },
      );
    const one = await extract(a, sets[0]);
    const other = await extract(b, sets[1]);
    const [x, y] = [one.features!, other.features!];
    return {
      images: [one.count, other.count],
      ...(await distances(x, y, signal, onProgress)),
      notes: notesOn([one.count, other.count], x.dim, sameNames(...sets), one.probabilities),
      ...(one.probabilities &&
        other.probabilities && { is: [score(one.probabilities), score(other.probabilities)] }),
      ...(sameNames(...sets) && { pd: perceptualDistance(x.data, y.data, x.dim) }),
      network: networkInfo(extractors.features!),
    };
  } finally {
    await disposeExtractors(extractors);
  }
}

/** FID and KID, with pauses: of many pictures they take minutes. What begins is told before it does. */
async function distances(
  x: Rows,
  y: Rows,
  signal: AbortSignal | undefined,
  onProgress: FoldersOptions["onProgress"],
): Promise<Pick<FoldersComparison, "fid" | "kid">> {
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

async function pictures(folder: string): Promise<string[]> {
  const paths = await scanPhotos([folder]);
  if (paths.length < 2) {
    throw new PaletteError(`${folder} holds only one picture: a distribution needs more.`);
  }
  return paths;
}

function score({ data, dim }: Rows): number {
  return inceptionScore(data, dim);
}

/** Whether picture k of one folder is called like picture k of the other, endings aside. */
function sameNames(a: readonly string[], b: readonly string[]): boolean {
  const stem = (path: string) => basename(path).replace(/\.[^.]+$/, "");
  return a.length === b.length && a.every((path, k) => stem(path) === stem(b[k]!));
}

/** Two folders of pictures compared, as users of pytorch-fid know it. */
import { basename } from "node:path";
import { scanPhotos } from "../data/photos.ts";
import { definedOf } from "../defined.ts";
import { PaletteError } from "../errors.ts";
import { look, type Rows } from "./look.ts";
import { closeLookers, networkInfo, openLookers } from "./lookers.ts";
import { inceptionScore } from "./metrics/classes.ts";
import { frechetDistance } from "./metrics/frechet.ts";
import { kernelDistance } from "./metrics/kernel.ts";
import { perceptualDistance } from "./metrics/perceptual.ts";
import { type ChooseOptions, chooseNetworks } from "./networks/find.ts";
import type { NetworkInfo } from "./report/report.ts";

export interface FoldersOptions {
  readonly nets?: string | undefined;
  readonly features?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface FoldersComparison {
  readonly images: readonly [number, number];
  readonly fid: number;
  readonly kid: number;
  /** Of each folder; undefined when the network gives no probabilities. */
  readonly is?: readonly [number, number];
  /** Only where both folders hold pictures of the same names: each is compared to its namesake. */
  readonly pd?: number;
  readonly network: NetworkInfo;
}

/**
 * FID, KID and IS of two folders of pictures of any sizes and formats; PD when their names agree.
 * @throws PaletteError when a folder is missing or too small, a picture is broken, or there is no
 * feature network.
 */
export async function compareFolders(
  a: string,
  b: string,
  { nets, features, signal, onProgress }: FoldersOptions = {},
): Promise<FoldersComparison> {
  const wanted: ChooseOptions = definedOf({ nets, features });
  const chosen = await chooseNetworks(wanted);
  if (chosen.features === undefined) {
    throw new PaletteError(
      "No feature network was found, and FID, KID, IS and PD need one: palette nets list shows how to get it.",
    );
  }
  const sets = [await pictures(a), await pictures(b)] as const;
  const lookers = await openLookers({ features: chosen.features });
  try {
    const total = sets[0].length + sets[1].length;
    let done = 0;
    const rows = async (paths: readonly string[]) =>
      look(paths.length, (k) => paths[k]!, lookers, {
        signal,
        pixels: false,
        onPicture: () => onProgress?.(++done, total),
      });
    const one = await rows(sets[0]);
    const other = await rows(sets[1]);
    const [x, y] = [one.features!, other.features!];
    return {
      images: [one.count, other.count],
      fid: frechetDistance(x.data, y.data, x.dim),
      kid: kernelDistance(x.data, y.data, x.dim),
      ...(one.probabilities &&
        other.probabilities && { is: [score(one.probabilities), score(other.probabilities)] }),
      ...(sameNames(...sets) && { pd: perceptualDistance(x.data, y.data, x.dim) }),
      network: networkInfo(lookers.features!),
    };
  } finally {
    await closeLookers(lookers);
  }
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

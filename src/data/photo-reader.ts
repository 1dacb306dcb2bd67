/** Where photos come from: a folder in Node, files that a person chose in a browser. */
import type { RgbBytes } from "../image/image.ts";
import { counted } from "../util/format.ts";

export interface PhotoReadOptions {
  /** Shrinks (never grows) the photo until its short side has this many pixels. */
  readonly shortSide?: number;
}

export interface PhotoReader {
  /**
   * The photo's pixels on white, upright.
   * @throws PaletteError when the photo cannot be decoded; ReadError, which is one, when reading
   * may succeed later.
   */
  read(path: string, options?: PhotoReadOptions): Promise<RgbBytes>;
}

/** The photos of one folder, of one series of tar shards, or of one choice of files. */
export interface PhotoSet {
  /** As it was named; of a series `train-{000..009}.tar`, however its shards were named. */
  readonly folder: string;
  /** Of a series: how its shards were named. */
  readonly named?: readonly string[];
  /** The folder's own name; with its path where two have the same. */
  readonly name: string;
  /** What `PhotoReader.read` takes, sorted by file name and then by path. */
  readonly photos: readonly string[];
  /** 16 hexadecimal digits: which photos there are, not where they lie. */
  readonly digest: string;
  /** The photos by themselves, to tell later which ones have changed; where they are asked for. */
  readonly records?: readonly PhotoRecord[];
  /** What in it is no photo, though one might think so. */
  readonly leftOut?: readonly LeftOut[];
}

export interface PhotoRecord {
  /** Its path within the folder. */
  readonly name: string;
  /** Tells it from other photos of its name; see `photoFingerprint`. */
  readonly fingerprint: string;
}

/** A folder that this package made, or files that cannot be read. */
export interface LeftOut {
  /** The folder, or the first of the files. */
  readonly path: string;
  /** "a run folder" */
  readonly what: string;
  /** How many more files like it there are. */
  readonly others?: number;
}

/** What to say of the folders that were left out. */
export function leftOutNotes(leftOut: readonly LeftOut[]): string[] {
  return leftOut.map(({ path, what, others = 0 }) => {
    const more = others === 0 ? "" : ` and ${counted(others)} more like it`;
    return `left out of the photos: ${path}${more}, which is ${what}`;
  });
}

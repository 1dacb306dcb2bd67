/** Where photos come from: a folder in Node, files that a person chose in a browser. */
import type { RgbBytes } from "../image/image.ts";

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

/** The photos of one folder, or of one choice of files. */
export interface PhotoSet {
  /** As it was named. */
  readonly folder: string;
  /** The folder's own name; with its path where two have the same. */
  readonly name: string;
  /** What `PhotoReader.read` takes, sorted by file name and then by path. */
  readonly photos: readonly string[];
  /** 16 hexadecimal digits: which photos there are, not where they lie. */
  readonly digest: string;
  /** The photos by themselves, to tell later which ones have changed; where the platform can. */
  readonly records?: readonly PhotoRecord[];
  /** Folders in it that are no photos but what this package made. */
  readonly leftOut?: readonly LeftOut[];
}

export interface PhotoRecord {
  /** Its path within the folder. */
  readonly name: string;
  /** Tells it from other photos of its name; see `photoFingerprints`. */
  readonly fingerprint: string;
}

export interface LeftOut {
  readonly folder: string;
  /** "a run folder" */
  readonly what: string;
}

/** What to say of the folders that were left out. */
export function leftOutNotes(leftOut: readonly LeftOut[]): string[] {
  return leftOut.map(({ folder, what }) => `left out of the photos: ${folder}, which is ${what}`);
}

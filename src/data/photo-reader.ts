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
}

/**
 * Decoded photos in bounded memory. Decoding a photo takes many times as long as cutting an example
 * out of it. So photos stay decoded, at the size that examples need; the least recently used ones
 * make room. What a photo decodes to never depends on what else was asked.
 */

import type { RgbBytes } from "../image/image.ts";
import { PaletteError, ReadError } from "../util/errors.ts";
import type { PhotoReader } from "./photo-reader.ts";

/** How much decoded photos hold at most unless something else is said. */
export const usualCacheBytes = 2 ** 30;

export interface PhotoCacheOptions {
  reader: PhotoReader;
  /**
   * Photos are shrunk while decoding until their short side has this many pixels; not unless given.
   */
  shortSide?: number;
  /** Photos whose short side has fewer pixels are refused as if they were broken. */
  smallestSide?: number;
  /** How much decoded photos may hold; 1 GiB unless given. */
  cacheBytes?: number;
  /** Called once for each file that cannot be used. */
  onSkip?: (path: string, reason: string) => void;
}

export class PhotoCache {
  private readonly options: PhotoCacheOptions;
  private readonly limit: number;
  /** In order of use, the least recently used first. */
  private readonly decoded = new Map<string, RgbBytes>();
  private readonly underWay = new Map<string, Promise<RgbBytes | undefined>>();
  private readonly broken = new Map<string, string>();
  private bytes = 0;

  constructor(options: PhotoCacheOptions) {
    this.options = options;
    this.limit = options.cacheBytes ?? usualCacheBytes;
  }

  /** Files that could not be used, with the reason. */
  get skipped(): ReadonlyMap<string, string> {
    return this.broken;
  }

  /** How many bytes of decoded photos are held now. */
  get heldBytes(): number {
    return this.bytes;
  }

  /**
   * The decoded photo, or undefined when the file cannot be used.
   * @throws ReadError when it could not be read: what was broken for a moment must not count as
   * broken from then on.
   */
  async get(path: string): Promise<RgbBytes | undefined> {
    if (this.broken.has(path)) return undefined;
    const held = this.decoded.get(path);
    if (held !== undefined) {
      this.decoded.delete(path);
      this.decoded.set(path, held);
      return held;
    }
    let loading = this.underWay.get(path);
    if (loading === undefined) {
      loading = this.load(path).finally(() => this.underWay.delete(path));
      this.underWay.set(path, loading);
    }
    return loading;
  }

  private async load(path: string): Promise<RgbBytes | undefined> {
    try {
      const { reader, shortSide, smallestSide = 1 } = this.options;
      const photo = await reader.read(path, shortSide === undefined ? {} : { shortSide });
      if (Math.min(photo.width, photo.height) < smallestSide) {
        throw new PaletteError(
          `${path} is too small (${photo.width}x${photo.height}); at least ${smallestSide} pixels a side are needed.`,
        );
      }
      this.keep(path, photo);
      return photo;
    } catch (thrown) {
      if (!(thrown instanceof PaletteError) || thrown instanceof ReadError) throw thrown;
      this.broken.set(path, thrown.message);
      this.options.onSkip?.(path, thrown.message);
      return undefined;
    }
  }

  private keep(path: string, photo: RgbBytes): void {
    if (photo.rgb.length > this.limit) return;
    this.decoded.set(path, photo);
    this.bytes += photo.rgb.length;
    for (const [oldest, { rgb }] of this.decoded) {
      if (this.bytes <= this.limit) break;
      this.decoded.delete(oldest);
      this.bytes -= rgb.length;
    }
  }
}

/**
 * Writes photos as tar shards, one after the other: each photo with its own bytes where it stands
 * upright and is small enough, or else coded anew.
 */
import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { pack } from "tar-stream";
import { compareCodeUnits, fileName } from "../data/hold-out.ts";
import type { ImageFormat } from "../image/codec.ts";
import { fromBytes } from "../image/image.ts";
import { PaletteError, ReadError } from "../util/errors.ts";
import { writeWholeBy } from "./atomic-write.ts";
import { decodeBytes, readWhole } from "./decode-image.ts";
import { encodeImage, formatOf } from "./encode-image.ts";
import { sharp } from "./sharp.ts";
import { tarIndex } from "./tar-index.ts";

/** Formats of photos that are made smaller or turned, and the endings of their names. */
export const shardFormats = { jpg: "jpeg", png: "png", webp: "webp" } as const;
export type ShardFormat = keyof typeof shardFormats;

/** How large a shard gets. */
export type ShardSize = { readonly photos: number } | { readonly bytes: number };

/** What a shard holds. */
export interface TarShard {
  readonly file: string;
  readonly photos: number;
  readonly bytes: number;
}

interface Source {
  readonly path: string;
  /** In the shards, unless the photo gets another format. */
  readonly name: string;
}

interface Way {
  readonly side: number | null;
  readonly format: ShardFormat;
  readonly encoding: ImageFormat;
  readonly quality?: number;
}

interface Work {
  readonly photos: readonly Source[];
  readonly way: Way;
  readonly size: ShardSize;
  readonly threads: number;
}

/** A photo as it is in a shard. */
interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ShardWriteOptions {
  readonly signal?: AbortSignal;
  /** Told how many photos are done, of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of a photo that cannot be used, or of what to know. */
  readonly onNote?: (note: string) => void;
}

/** Bytes that may wait to be written. */
const mostWaiting = 16e6;

export class ShardWriter {
  private readonly out: string;
  private readonly name: string;
  private readonly work: Work;
  private readonly shards: TarShard[] = [];
  private readonly taken = new Set<string>();
  private previous = "";
  /** Told once. */
  private reordered = false;

  constructor(out: string, name: string, work: Work) {
    this.out = out;
    this.name = name;
    this.work = work;
  }

  async write(options: ShardWriteOptions): Promise<TarShard[]> {
    const { photos, size } = this.work;
    const first = await this.resume();
    options.onProgress?.(first, photos.length);
    const entries = this.entries(first, options);
    try {
      let next = await entries.next();
      while (!next.done) {
        const file = this.fileOf(this.shards.length);
        let [count, bytes] = [0, 0];
        await writeWholeBy(join(this.out, file), async (handle) => {
          const tar = pack();
          let written = 0;
          const writing = (async () => {
            for await (const chunk of tar as AsyncIterable<Uint8Array>)
              written += (await handle.write(chunk)).bytesWritten;
          })();
          // A failure is met where it is waited for.
          writing.catch(() => {});
          while (!next.done) {
            const { name, bytes: content } = next.value;
            const full =
              "photos" in size ? count >= size.photos : bytes + content.length > size.bytes;
            if (count > 0 && full) break;
            const header = { name, size: content.length, mode: 0o644, mtime: new Date(0) };
            tar.entry(header, content);
            count++;
            bytes += content.length;
            while (bytes - written > mostWaiting)
              await Promise.race([writing, new Promise((resolve) => setTimeout(resolve, 5))]);
            next = await entries.next();
          }
          tar.finalize();
          await writing;
          bytes = written;
        });
        this.shards.push({ file, photos: count, bytes });
      }
    } finally {
      await entries.return(undefined);
    }
    if (this.shards.length === 0) throw new PaletteError("None of the photos can be used.");
    return this.shards;
  }

  private fileOf(index: number): string {
    return `${this.name}-${String(index).padStart(6, "0")}.tar`;
  }

  /** Takes up the shards that are there; returns the number of the photo to go on with. */
  private async resume(): Promise<number> {
    const there = new Set(await readdir(this.out));
    let last: string | undefined;
    for (let file = this.fileOf(0); there.has(file); file = this.fileOf(this.shards.length)) {
      const { size, members } = await tarIndex(join(this.out, file));
      for (const name of members.keys()) this.taken.add(name);
      last = [...members.keys()].at(-1);
      this.shards.push({ file, photos: members.size, bytes: size });
    }
    if (last === undefined) return 0;
    this.previous = fileName(last);
    const { photos, way } = this.work;
    return photos.findIndex(({ name }) => last === name || last === otherName(name, way)) + 1;
  }

  /** The photos from `first` on, in order; those ahead are read side by side. */
  private async *entries(
    first: number,
    { signal, onProgress, onNote }: ShardWriteOptions,
  ): AsyncGenerator<Entry, void, undefined> {
    const { photos, way, threads } = this.work;
    const ahead: Promise<Entry | PaletteError>[] = [];
    for (let k = first, started = first; k < photos.length; k++) {
      for (; started < Math.min(photos.length, k + threads); started++) {
        const photo = photos[started];
        if (photo) ahead.push(prepared(photo, way).catch(unlessBroken));
        // One that cannot be read is met when it is its turn.
        ahead.at(-1)?.catch(() => {});
      }
      signal?.throwIfAborted();
      const entry = await ahead.shift();
      if (entry instanceof PaletteError) onNote?.(`photo skipped: ${entry.message}`);
      else if (entry !== undefined) {
        this.check(entry, onNote);
        yield entry;
      }
      onProgress?.(k + 1, photos.length);
    }
  }

  /** That names are unique, and whether they are in order. */
  private check({ name }: Entry, onNote: ShardWriteOptions["onNote"]): void {
    if (this.taken.has(name))
      throw new PaletteError(`Two photos would be called ${name}: rename one of them.`);
    this.taken.add(name);
    if (!this.reordered && compareCodeUnits(this.previous, fileName(name)) > 0) {
      this.reordered = true;
      onNote?.(
        `${name} comes in another order than in its folder, so every:N:K holds out other photos there.`,
      );
    }
    this.previous = fileName(name);
  }
}

/** The name of a photo that is of another format in the shards: x.tif becomes x.tif.jpg. */
function otherName(name: string, { format, encoding }: Way): string {
  return endsAs(name, encoding) ? name : `${name}.${format}`;
}

function endsAs(name: string, encoding: ImageFormat): boolean {
  try {
    return formatOf(`x${extname(name)}`) === encoding;
  } catch {
    return false;
  }
}

/** The file as it is where it stands upright and is small enough, or else coded anew. */
async function prepared({ path, name }: Source, way: Way): Promise<Entry> {
  const { side, encoding, quality } = way;
  const file = await readWhole(path);
  const pixels = await decodeBytes(file, path, side === null ? {} : { shortSide: side });
  const { width, height, orientation = 1 } = await sharp(file).metadata();
  const smaller = Math.min(pixels.width, pixels.height) < Math.min(width, height);
  if (!smaller && orientation === 1) return { name, bytes: file };
  const image = fromBytes(pixels.rgb, pixels.width, pixels.height);
  const options = quality === undefined ? {} : { quality };
  return { name: otherName(name, way), bytes: await encodeImage(image, encoding, options) };
}

/** Broken photos are left out; that one cannot be read may pass. */
function unlessBroken(thrown: unknown): PaletteError {
  if (thrown instanceof PaletteError && !(thrown instanceof ReadError)) return thrown;
  throw thrown;
}

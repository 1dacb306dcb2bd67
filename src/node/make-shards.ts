/**
 * Photos as tar shards at the size that training needs. Equal photos and settings give equal bytes.
 * Names, and hence order, hold-out and weights by name, are those of the folder.
 */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { pack } from "tar-stream";
import { z } from "zod";
import { compareCodeUnits, fileName } from "../data/hold-out.ts";
import { checkQuality, type ImageFormat } from "../image/codec.ts";
import { fromBytes } from "../image/image.ts";
import { configDiff } from "../util/config-diff.ts";
import { PaletteError, ReadError, UsageError } from "../util/errors.ts";
import { writeAtomically, writeWholeBy } from "./atomic-write.ts";
import { decodeBytes, readWhole } from "./decode-image.ts";
import { encodeImage, formatOf } from "./encode-image.ts";
import { lockFolder } from "./folder-lock.ts";
import { makeFolder } from "./make-folder.ts";
import { claimFolder, folderKinds } from "./output-rule.ts";
import { scanPhotoSets } from "./photo-folders.ts";
import { sharp } from "./sharp.ts";
import { tarIndex } from "./tar-index.ts";

/** Formats of photos that are made smaller or turned, and the endings of their names. */
export const shardFormats = { jpg: "jpeg", png: "png", webp: "webp" } as const;
export type ShardFormat = keyof typeof shardFormats;

/** How large a shard gets. */
export type ShardSize = { readonly photos: number } | { readonly bytes: number };

export interface ShardRequest {
  /** A folder of photos, or tar shards of one series, to be made anew. */
  readonly data: string;
  /** The short side in pixels of photos that are larger; null keeps all sizes. */
  readonly side: number | null;
  /** Of photos that change; "jpg" unless given. The others keep their bytes. */
  readonly format?: ShardFormat;
  /** Of JPEG and WebP; 95 unless given. */
  readonly quality?: number;
  /** 500 MB unless given. */
  readonly size?: ShardSize;
}

export interface ShardOptions {
  /** The folder, new, empty, or of the same shards begun before. */
  readonly out: string;
  /** Photos that are read side by side; 4 unless given. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Told how many photos are done, of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of a photo that cannot be used, or of what to know. */
  readonly onNote?: (note: string) => void;
}

/** What a shard holds. */
export interface TarShard {
  readonly file: string;
  readonly photos: number;
  readonly bytes: number;
}

const defaultBytes = 500e6;
const defaultQuality = 95;

const shardSchema = z.strictObject({ file: z.string(), photos: z.int(), bytes: z.int() });
const settingsSchema = z.strictObject({
  format: z.literal(1),
  /** Which photos: see `PhotoSet.digest`. */
  digest: z.string(),
  photos: z.int(),
  side: z.int().nullable(),
  encoding: z.string(),
  size: z.union([z.strictObject({ photos: z.int() }), z.strictObject({ bytes: z.int() })]),
  /** Absent while they are made. */
  shards: z.array(shardSchema).optional(),
});
type Settings = z.infer<typeof settingsSchema>;

/**
 * Makes the shards, or what is missing of them: each appears whole or not at all.
 * @returns all of them
 * @throws UsageError for impossible settings; PaletteError when there are no photos, the folder
 * holds something else or shards of other photos or settings, or a file cannot be written;
 * ReadError when a photo cannot be read; the signal's reason when aborted.
 */
export async function makeShards(
  { data, side, format = "jpg", quality, size = { bytes: defaultBytes } }: ShardRequest,
  { out, threads = 4, signal, onProgress, onNote }: ShardOptions,
): Promise<readonly TarShard[]> {
  checkSettings({ side, size });
  const encoding = shardFormats[format];
  checkQuality(quality, encoding);
  await claimFolder(out, folderKinds.shards);
  const [set, ...others] = await scanPhotoSets([data], { records: true });
  const { records } = set ?? {};
  if (set === undefined || records === undefined || others.length > 0) {
    throw new UsageError(`${data} is more than one set of photos: make shards of one at a time.`);
  }
  const said = quality ?? defaultQuality;
  const settings: Settings = {
    format: 1,
    digest: set.digest,
    photos: set.photos.length,
    side,
    encoding: encoding === "png" ? encoding : `${encoding} ${said}`,
    size: { ...size },
  };
  await makeFolder(out);
  const lock = await lockFolder(out, "making shards");
  try {
    const finished = await adopt(out, settings);
    if (finished) return finished;
    const way = { side, format, encoding, ...(encoding === "png" ? {} : { quality: said }) };
    const photos = set.photos.map((path, k) => ({ path, name: records[k]?.name ?? path }));
    const writer = new ShardWriter(out, seriesName(set.name), { photos, way, size, threads });
    const shards = await writer.write({ signal, onProgress, onNote });
    await writeSettings(out, { ...settings, shards: [...shards] });
    return shards;
  } finally {
    await lock.release();
  }
}

function checkSettings({ side, size }: Pick<ShardRequest, "side"> & { size: ShardSize }): void {
  const [value] = Object.values(size) as number[];
  for (const [what, number] of [
    ["short side", side ?? 1],
    ["size of a shard", value],
  ] as const) {
    if (!Number.isSafeInteger(number) || (number ?? 0) < 1)
      throw new UsageError(`The ${what} is a whole number of at least 1, not ${number}.`);
  }
}

/**
 * Writes the settings, or compares them with those that are there.
 * @returns the shards, if they are finished
 */
async function adopt(out: string, settings: Settings): Promise<readonly TarShard[] | undefined> {
  const file = join(out, folderKinds.shards.sign);
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) {
    await writeSettings(out, settings);
    return undefined;
  }
  const before = settingsSchema.safeParse(JSON.parse(text)).data;
  if (before === undefined)
    throw new PaletteError(`${file} is damaged or of another version: choose another -o.`);
  const { shards, ...earlier } = before;
  const changed = configDiff(earlier, settings);
  if (changed.length === 0) {
    const there = new Set(await readdir(out));
    return shards?.every((shard) => there.has(shard.file)) ? shards : undefined;
  }
  throw new PaletteError(
    `${out} holds shards of other photos or settings (${changed.join("; ")}): give the same ones to go on, or choose another -o.`,
  );
}

function writeSettings(out: string, settings: Settings): Promise<void> {
  const text = `${JSON.stringify(settings, undefined, 2)}\n`;
  return writeAtomically(join(out, folderKinds.shards.sign), text);
}

/** "photos" of a folder, "train" of train-{000..009}.tar: what shards are called. */
function seriesName(name: string): string {
  const plain = fileName(name).replace(/(-?\{.*\}|-?\d+)?\.tar$/i, "");
  return plain.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "") || "photos";
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

/** Bytes that may wait to be written. */
const mostWaiting = 16e6;

class ShardWriter {
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

  async write(
    options: Pick<ShardOptions, "signal" | "onProgress" | "onNote">,
  ): Promise<TarShard[]> {
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
    { signal, onProgress, onNote }: Pick<ShardOptions, "signal" | "onProgress" | "onNote">,
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
  private check({ name }: Entry, onNote: ShardOptions["onNote"]): void {
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

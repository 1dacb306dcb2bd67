/**
 * Photos as tar shards at the size that training needs. Equal photos and settings give equal bytes.
 * Names, and hence order, hold-out and weights by name, are those of the folder.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fileName } from "../data/hold-out.ts";
import { checkQuality } from "../image/codec.ts";
import { configDiff } from "../util/config-diff.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { writeAtomically } from "./atomic-write.ts";
import { lockFolder } from "./folder-lock.ts";
import { makeFolder } from "./make-folder.ts";
import { claimFolder, folderKinds } from "./output-rule.ts";
import { scanPhotoSets } from "./photo-folders.ts";
import {
  type ShardFormat,
  type ShardSize,
  type ShardWriteOptions,
  ShardWriter,
  shardFormats,
  type TarShard,
} from "./shard-writer.ts";

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

export interface ShardOptions extends ShardWriteOptions {
  /** The folder, new, empty, or of the same shards begun before. */
  readonly out: string;
  /** Photos that are read side by side; 4 unless given. */
  readonly threads?: number;
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

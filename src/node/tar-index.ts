/**
 * What a tar file holds, and where: found by its headers alone, so that photos are read out of it
 * one by one without unpacking. ustar, GNU's long names and pax are read, by tar-stream.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { z } from "zod";
import { PaletteError, ReadError, reasonOf } from "../util/errors.ts";
import { writeAtomically } from "./atomic-write.ts";
import { fingerprintBy } from "./fingerprint.ts";
import { readRange } from "./read-range.ts";
import { assertRegularFile } from "./regular-file.ts";
import { userCache } from "./user-cache.ts";

const memberSchema = z.strictObject({
  /** Its path in the tar, without "./". */
  name: z.string(),
  /** Of its first byte in the tar. */
  offset: z.int().min(0),
  size: z.int().min(0),
  /** See `photoFingerprint`. */
  fingerprint: z.string(),
});

/** A file in a tar. */
export type TarMember = Readonly<z.infer<typeof memberSchema>>;

/** What a tar holds. */
export interface TarIndex {
  readonly path: string;
  /** Of the tar, in bytes. */
  readonly size: number;
  /** Its files by name, in their order; of several with one name the last. */
  readonly members: ReadonlyMap<string, TarMember>;
}

/** Files of less are indexed anew each time: that is as fast as reading the index. */
const leastKept = 200;

/** Those of this process, by path. */
const known = new Map<string, { readonly version: string; readonly index: Promise<TarIndex> }>();

/**
 * The index of a tar. It is made once: kept in memory, and for further processes in the user's
 * cache, until the tar has another size or date.
 * @throws PaletteError naming the tar when it is compressed, cut short or damaged; ReadError when
 * it cannot be read.
 */
export async function tarIndex(path: string): Promise<TarIndex> {
  const version = await versionOf(path);
  const held = known.get(path);
  if (held?.version === version) return held.index;
  const index = keptIndex(path, version);
  known.set(path, { version, index });
  index.catch(() => known.delete(path));
  return index;
}

/**
 * The bytes of a file in a tar.
 * @param path the tar's path, a separator and the file's name in it
 * @returns undefined when the path is not one into a tar, or the tar has no such file
 * @throws ReadError when the tar cannot be read or has changed since it was indexed.
 */
export async function readInTar(path: string): Promise<Uint8Array | undefined> {
  const found = await memberAt(path);
  if (found === undefined) return undefined;
  const { tar, member } = found;
  try {
    const file = await open(tar.path);
    try {
      if ((await file.stat()).size !== tar.size) throw new Error("it has changed meanwhile");
      return await readRange(file, member.offset, member.offset + member.size, tar.path);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw unreadable(tar.path, thrown);
  }
}

/** The file in a tar that a path leads to: see `readInTar`. */
export async function memberAt(
  path: string,
): Promise<{ readonly tar: TarIndex; readonly member: TarMember } | undefined> {
  for (const { index } of path.matchAll(/\.tar(?=[/\\])/gi)) {
    const [tarPath, name] = [path.slice(0, index + 4), path.slice(index + 5)];
    // One that was indexed is not looked for again: a network's file system takes its time.
    const held = known.get(tarPath)?.index;
    const isFile = held || (await stat(tarPath).catch(() => undefined))?.isFile();
    if (!isFile) continue;
    const tar = await (held ?? tarIndex(tarPath));
    const member = tar.members.get(name);
    return member && { tar, member };
  }
  return undefined;
}

/** Changes when the file does. */
async function versionOf(path: string): Promise<string> {
  try {
    await assertRegularFile(path);
    const { size, mtimeMs } = await stat(path);
    return `${await realpath(path)} ${size} ${mtimeMs}`;
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

/** From the user's cache, or made and put there. */
async function keptIndex(path: string, version: string): Promise<TarIndex> {
  const key = createHash("sha256").update(version).digest("hex").slice(0, 32);
  const file = join(userCache("shards"), `${key}.json`);
  const schema = z.strictObject({ version: z.literal(version), members: z.array(memberSchema) });
  const text = await readFile(file, "utf8").catch(() => "");
  const { size } = await stat(path);
  const kept = schema.safeParse(parsed(text)).data?.members;
  const members = kept ?? (await indexed(path, size));
  if (kept === undefined && members.length >= leastKept) {
    // That it cannot be kept costs the next process its time, and nothing else.
    await writeAtomically(file, JSON.stringify({ version, members })).catch(() => {});
  }
  return { path, size, members: new Map(members.map((member) => [member.name, member])) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function indexed(path: string, size: number): Promise<TarMember[]> {
  const file = await open(path).catch((thrown) => {
    throw unreadable(path, thrown);
  });
  try {
    return await membersOf(file, path, size);
  } catch (thrown) {
    if (thrown instanceof PaletteError) throw thrown;
    throw unreadable(path, thrown);
  } finally {
    await file.close();
  }
}

/** Headers and contents fill up multiples of this. */
const block = 512;
/** Read at once: of small photos several, with their headers. */
const ahead = 2 ** 17;
const zeros = new Uint8Array(2 ** 20);

/**
 * Regular files only, by their headers. tar-stream gets every header as it is and zeros for what
 * the files hold, which is not read.
 */
async function membersOf(file: FileHandle, path: string, size: number): Promise<TarMember[]> {
  const places: Omit<TarMember, "name">[] = [];
  let held: { start: number; bytes: Uint8Array } = { start: 0, bytes: new Uint8Array() };
  const read = async (start: number, length: number): Promise<Uint8Array> => {
    const isHeld = start >= held.start && start + length <= held.start + held.bytes.length;
    if (!isHeld) {
      const end = Math.min(size, start + Math.max(length, ahead));
      held = { start, bytes: await readRange(file, start, end, path) };
    }
    return held.bytes.subarray(start - held.start, start - held.start + length);
  };
  let at = 0;
  async function* blocks(): AsyncGenerator<Uint8Array> {
    // A pax header may say the size of the file behind it.
    let saidSize: number | undefined;
    while (at + block <= size) {
      const header = await read(at, block);
      if (at === 0 && header[0] === 0x1f && header[1] === 0x8b) throw compressed(path);
      if (header.every((byte) => byte === 0)) return yield header;
      if (!isHeader(header)) throw damaged(path, at);
      const kind = String.fromCharCode(header[156] ?? 0);
      const describes = "xgLK".includes(kind);
      const length = describes || saidSize === undefined ? sizeIn(header) : saidSize;
      const start = at + block;
      const end = start + Math.ceil(length / block) * block;
      // The end mark of two empty blocks follows the last file.
      if (end + block > size) throw cutShort(path);
      if (describes) {
        const text = await read(start, end - start);
        const said = /(?:^|\n)\d+ size=(\d+)\n/.exec(Buffer.from(text).toString("latin1"))?.[1];
        if (kind === "x" && said !== undefined) saidSize = Number(said);
        yield header;
        yield text;
      } else {
        const fingerprint = await fingerprintBy(length, (from, count) => read(start + from, count));
        // Before its header, which tells the name.
        places.push({ offset: start, size: length, fingerprint });
        saidSize = undefined;
        yield header;
        for (let left = end - start; left > 0; left -= zeros.length)
          yield left < zeros.length ? zeros.subarray(0, left) : zeros;
      }
      at = end;
    }
    throw size === 0 ? new PaletteError(`${path} is empty: copy it again.`) : cutShort(path);
  }
  const found = new Map<string, TarMember>();
  let count = 0;
  const reading = extract();
  reading.on("entry", ({ name, type }, content, next) => {
    const place = places[count++];
    const plain = name.replace(/^(\.\/)+/, "");
    // The last of several with one name, as when it is unpacked.
    if (type === "file" || type === "contiguous-file") found.delete(plain);
    if (place && (type === "file" || type === "contiguous-file"))
      found.set(plain, { name: plain, ...place });
    content.on("end", next);
    // What breaks the tar is told by the pipeline.
    content.on("error", () => {});
    content.resume();
  });
  try {
    await pipeline(Readable.from(blocks()), reading);
  } catch (thrown) {
    if (thrown instanceof PaletteError || !/tar|header/i.test(reasonOf(thrown))) throw thrown;
    throw damaged(path, at, thrown);
  }
  return [...found.values()];
}

const directory = "5".charCodeAt(0);

/** The size in a header: octal digits, or a binary number where it is 8 GiB or more. */
function sizeIn(header: Uint8Array): number {
  if (header[156] === directory) return 0;
  const field = header.subarray(124, 136);
  if ((field[0] ?? 0) & 0x80) return field.subarray(4).reduce((sum, byte) => 256 * sum + byte, 0);
  return Number.parseInt(Buffer.from(field).toString("latin1").trim(), 8) || 0;
}

/** Whether the sum of its bytes, the sum's own eight taken for spaces, is the one that it says. */
function isHeader(header: Uint8Array): boolean {
  const sum = header.reduce((all, byte, k) => all + (k >= 148 && k < 156 ? 32 : byte), 0);
  return sum === Number.parseInt(Buffer.from(header.subarray(148, 156)).toString("latin1"), 8);
}

function damaged(path: string, at: number, cause?: unknown): PaletteError {
  return new PaletteError(
    `${path} is damaged or no tar (no header at byte ${at}): copy it again, or make it again.`,
    { cause },
  );
}

/** What is compressed as a whole cannot be read in parts. */
export function compressed(path: string): PaletteError {
  return new PaletteError(
    `${path} is compressed, so that no photo can be read by itself: unpack it to a plain .tar (photos hardly get smaller by compression).`,
  );
}

function cutShort(path: string): PaletteError {
  return new PaletteError(`${path} is cut short, its end is missing: copy it again.`);
}

function unreadable(path: string, thrown: unknown): ReadError {
  const { code } = thrown as NodeJS.ErrnoException;
  const reason = code === "ENOENT" ? "does not exist" : `cannot be read (${reasonOf(thrown)})`;
  return new ReadError(`${path} ${reason}; check the path.`, { cause: thrown });
}

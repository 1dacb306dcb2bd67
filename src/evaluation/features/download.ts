/**
 * Fetching a network from its public address. What has arrived lies in NAME.part until its size and
 * SHA-256 are right; an interrupted download is continued by the same command.
 */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { manifestsIn } from "./locate.ts";
import { downloadableNames } from "./registry.ts";
import { userNetworks } from "./user-cache.ts";

export interface GetOptions {
  /** Where it goes; default: nets in the user's cache. */
  readonly folder?: string;
  /** Bytes of the network that are there, of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops the download, to be continued later; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  readonly fetch?: typeof globalThis.fetch;
}

export interface GottenNetwork {
  readonly path: string;
  /** Its list of classes, where its manifest has one. */
  readonly labels?: string;
  /** False when the network was there already, whole. */
  readonly downloaded: boolean;
}

/**
 * Downloads a known network, or one whose manifest lies in `folder`, with its list of classes.
 * @throws PaletteError in one line: unknown name, no address, no connection, a refusal of the server,
 * wrong content (which is deleted), no space, no permission.
 */
export async function getNetwork(name: string, options: GetOptions = {}): Promise<GottenNetwork> {
  const { folder = userNetworks(), onProgress } = options;
  const manifest = (await manifestsIn(folder)).find((one) => one.name === name);
  if (manifest === undefined) {
    throw new PaletteError(
      `There is no network ${name} to download; there are ${downloadableNames.join(", ")}.`,
    );
  }
  const { file, url, sha256, bytes, labels } = manifest;
  if (url === undefined || sha256 === undefined) {
    const lack = url === undefined ? "has no public address" : "has no SHA-256 to check it by";
    throw new PaletteError(
      `${manifest.title} (${name}) ${lack}; put ${file} into ${folder} yourself, or get ${downloadableNames.join(" or ")}.`,
    );
  }
  const path = join(folder, file);
  const downloaded = await getFile(path, { url, sha256, bytes }, { ...options, onProgress });
  if (labels?.url === undefined || labels.sha256 === undefined) return { path, downloaded };
  const list = join(folder, labels.file);
  await getFile(
    list,
    { url: labels.url, sha256: labels.sha256 },
    { ...options, onProgress: undefined },
  );
  return { path, labels: list, downloaded };
}

interface Source {
  readonly url: string;
  readonly sha256: string;
  readonly bytes?: number;
}

/** Returns false when the right file is there already. */
async function getFile(path: string, source: Source, options: GetOptions): Promise<boolean> {
  options.signal?.throwIfAborted();
  const part = `${path}.part`;
  const there = createHash("sha256");
  if ((await addFile(there, path)) > 0 && there.digest("hex") === source.sha256) return false;

  const { hash, size } = await receive(part, source, options);
  const wrong =
    source.bytes !== undefined && size !== source.bytes
      ? `${size.toLocaleString("en-US")} bytes instead of ${source.bytes.toLocaleString("en-US")}`
      : hash !== source.sha256 && `SHA-256 ${hash} instead of ${source.sha256}`;
  if (wrong) {
    await rm(part, { force: true }).catch(() => {});
    throw new PaletteError(
      `What ${source.url} sent is not the expected file (${wrong}) and was deleted; try again, or get it elsewhere.`,
    );
  }
  await rename(part, path).catch((thrown) => {
    throw diskError(thrown, path);
  });
  return true;
}

/** Brings the rest of the file to the disk; continues what an earlier attempt left there. */
async function receive(part: string, source: Source, options: GetOptions) {
  const { onProgress, signal } = options;
  let hash = createHash("sha256");
  let size = await addFile(hash, part);
  if (source.bytes !== undefined && size > source.bytes) {
    [hash, size] = [createHash("sha256"), 0];
  }
  if (size > 0 && (size === source.bytes || hash.copy().digest("hex") === source.sha256)) {
    return { hash: hash.digest("hex"), size };
  }
  let response = await request(source.url, size, options);
  if (size > 0 && !continues(response, size)) {
    // The server does not do ranges, or knows a shorter file: from the start.
    if (response.status !== 200) {
      await response.body?.cancel();
      response = await request(source.url, 0, options);
    }
    [hash, size] = [createHash("sha256"), 0];
  }
  await refuse(response, source.url);
  const total = source.bytes ?? size + Number(response.headers.get("content-length") ?? 0);
  const file = await openPart(part, size);
  try {
    onProgress?.(size, total);
    for await (const chunk of bodyOf(response, source.url, () => size, signal)) {
      await write(file, chunk, part);
      hash.update(chunk);
      size += chunk.length;
      onProgress?.(size, Math.max(total, size));
      // Whatever comes after this is not the network: it shall not fill the disk.
      if (source.bytes !== undefined && size > source.bytes) break;
    }
    await file.sync().catch(ignoreNoSync);
  } catch (thrown) {
    throw signal?.aborted ? signal.reason : diskError(thrown, part);
  } finally {
    await file.close();
  }
  return { hash: hash.digest("hex"), size };
}

async function request(url: string, from: number, options: GetOptions): Promise<Response> {
  const { fetch = globalThis.fetch, signal } = options;
  try {
    return await fetch(url, {
      headers: {
        // A compressed body would neither have the file's length nor could it be continued.
        "accept-encoding": "identity",
        ...(from > 0 && { range: `bytes=${from}-` }),
      },
      ...(signal && { signal }),
    });
  } catch (thrown) {
    if (signal?.aborted) throw signal.reason;
    throw new PaletteError(
      `Cannot reach ${new URL(url).host} (${networkReason(thrown)}); check the connection and try again.`,
      { cause: thrown },
    );
  }
}

function continues(response: Response, from: number): boolean {
  const range = response.headers.get("content-range");
  return response.status === 206 && range !== null && range.startsWith(`bytes ${from}-`);
}

async function refuse(response: Response, url: string): Promise<void> {
  if (response.ok && response.body !== null) return;
  await response.body?.cancel();
  const remedy =
    response.status === 404 || response.status === 410
      ? "the file is no longer there; get it elsewhere"
      : "try again later";
  throw new PaletteError(`${url} answers ${response.status} ${response.statusText}; ${remedy}.`);
}

/** The body's pieces; a connection that breaks is said in one line. */
async function* bodyOf(
  response: Response,
  url: string,
  done: () => number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const length = response.headers.get("content-length");
  const expected = length === null ? undefined : done() + Number(length);
  const broken = (reason: string) =>
    new PaletteError(
      `The connection to ${new URL(url).host} broke after ${megabytes(done())} (${reason}); run the same command again to continue.`,
    );
  const reader = response.body!.getReader();
  try {
    for (;;) {
      const { value, done: ended } = await reader.read().catch((thrown) => {
        throw signal?.aborted ? signal.reason : broken(networkReason(thrown));
      });
      if (ended) break;
      yield value;
    }
    if (expected !== undefined && done() < expected) throw broken("the file is longer");
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Feeds a file to the hash; its size, 0 when it is not there. */
async function addFile(hash: Hash, path: string): Promise<number> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile()) return 0;
  let size = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (thrown) {
    throw diskError(thrown, path);
  }
  return size;
}

async function openPart(part: string, size: number): Promise<FileHandle> {
  try {
    await mkdir(join(part, ".."), { recursive: true });
    return await open(part, size > 0 ? "a" : "w");
  } catch (thrown) {
    throw diskError(thrown, part);
  }
}

async function write(file: FileHandle, chunk: Uint8Array, part: string): Promise<void> {
  try {
    for (let at = 0; at < chunk.length; ) {
      at += (await file.write(chunk, at)).bytesWritten;
    }
  } catch (thrown) {
    throw diskError(thrown, part);
  }
}

/** Devices that are no disk cannot be synced. */
function ignoreNoSync(thrown: NodeJS.ErrnoException): void {
  if (thrown.code !== "EINVAL") throw thrown;
}

function diskError(thrown: unknown, path: string): unknown {
  const { code } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof PaletteError || code === undefined) return thrown;
  const reasons: Record<string, string> = {
    ENOSPC: "there is no space left; free some, or name another folder with --nets",
    EDQUOT: "your disk quota is used up; free some space, or name another folder with --nets",
    EACCES: "permission denied; name another folder with --nets",
    EPERM: "permission denied; name another folder with --nets",
    EROFS: "the disk is read-only; name another folder with --nets",
    ENOTDIR: "a part of the path is no folder; name another one with --nets",
    EEXIST: "a part of the path is no folder; name another one with --nets",
  };
  return new PaletteError(`Cannot write ${path}: ${reasons[code] ?? reasonOf(thrown)}.`, {
    cause: thrown,
  });
}

/** fetch hides what happened in the cause. */
function networkReason(thrown: unknown): string {
  const cause = (thrown as Error).cause as NodeJS.ErrnoException | undefined;
  return cause?.code ?? reasonOf(cause ?? thrown);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

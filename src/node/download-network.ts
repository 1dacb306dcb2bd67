/** Downloads a feature network. A file appears under its name only with the right SHA-256. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { downloadableNames } from "../evaluation/features/registry.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { counted } from "../util/format.ts";
import { sha256 as digestOf } from "../util/sha256.ts";
import { writeAtomically } from "./atomic-write.ts";
import { manifestsIn } from "./feature-networks.ts";
import { assertWritable } from "./output-rule.ts";
import { userCache } from "./user-cache.ts";

export interface DownloadOptions {
  /** Default: nets in the user's cache. */
  readonly folder?: string;
  /** Bytes of the network received, of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops the download; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface DownloadedNetwork {
  readonly path: string;
  /** Its list of classes, if its manifest has one. */
  readonly labels?: string;
  /** False when the whole network was there already. */
  readonly downloaded: boolean;
}

/**
 * Downloads a known network, or one whose manifest lies in `folder`, with its list of classes.
 * @throws PaletteError in one line: unknown name, no address, no connection, a refusal of the
 * server, wrong content, no space, no permission.
 */
export async function downloadNetwork(
  name: string,
  { folder: named, onProgress, signal }: DownloadOptions = {},
): Promise<DownloadedNetwork> {
  const folder = named ?? userCache("nets");
  const replace = named === undefined;
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
  const downloaded = await fetchFile(path, { url, sha256, bytes, replace }, signal, onProgress);
  if (labels?.url === undefined || labels.sha256 === undefined) return { path, downloaded };
  const list = join(folder, labels.file);
  await fetchFile(list, { url: labels.url, sha256: labels.sha256, replace }, signal);
  return { path, labels: list, downloaded };
}

interface Source {
  readonly url: string;
  readonly sha256: string;
  readonly bytes?: number;
  /** Whether another file of that name is replaced: in the user's cache all files are this package's. */
  readonly replace: boolean;
}

/** Returns false when the right file is there already. */
async function fetchFile(
  path: string,
  { url, sha256, bytes, replace }: Source,
  signal?: AbortSignal,
  onProgress?: DownloadOptions["onProgress"],
): Promise<boolean> {
  signal?.throwIfAborted();
  const there = await readFile(path).catch(() => undefined);
  if (there && (await digestOf(there)) === sha256) return false;
  if (there && !replace) {
    throw new PaletteError(
      `${path} is there already, but is another file than ${url}: move it away, or name another --nets.`,
    );
  }
  await assertWritable(dirname(path), "name another --nets");
  const content = await receive(url, bytes, signal, onProgress).catch((thrown) => {
    if (signal?.aborted) throw signal.reason;
    if (thrown instanceof PaletteError) throw thrown;
    // fetch hides the reason in the cause.
    const cause = (thrown as Error).cause as NodeJS.ErrnoException | undefined;
    const reason = cause?.code ?? reasonOf(cause ?? thrown);
    throw new PaletteError(`Cannot fetch ${url} (${reason}); check the connection and try again.`, {
      cause: thrown,
    });
  });
  const digest = await digestOf(content);
  if (digest !== sha256) {
    throw new PaletteError(
      `${url} sent another file (${counted(content.length)} bytes, SHA-256 ${digest}); try again, or get it elsewhere.`,
    );
  }
  await writeAtomically(path, content);
  return true;
}

/** What an address sends; of more than `most` bytes only little more. */
async function receive(
  url: string,
  most = Number.POSITIVE_INFINITY,
  signal?: AbortSignal,
  onProgress?: DownloadOptions["onProgress"],
): Promise<Uint8Array> {
  // The progress needs the length of the file, not of a compressed body.
  const response = await fetch(url, { headers: { "accept-encoding": "identity" }, signal });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new PaletteError(
      `${url} answers ${response.status} ${response.statusText}; try again later, or get it elsewhere.`,
    );
  }
  const length = Number(response.headers.get("content-length") ?? 0);
  const total = Number.isFinite(most) ? most : length;
  const parts: Uint8Array[] = [];
  let done = 0;
  onProgress?.(0, total);
  for await (const part of response.body) {
    parts.push(part);
    done += part.length;
    onProgress?.(done, Math.max(total, done));
    if (done > most) break;
  }
  return Buffer.concat(parts);
}

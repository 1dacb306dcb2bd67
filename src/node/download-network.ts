/** Downloads a feature network. A file appears under its name only with the right SHA-256. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  downloadableNames,
  knownNetworks,
  type NetworkManifest,
} from "../evaluation/features/manifest.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { counted } from "../util/format.ts";
import { sha256 } from "../util/sha256.ts";
import { writeAtomically } from "./atomic-write.ts";
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

/**
 * Downloads a network with its list of classes.
 * @param network the name of a known one, or a manifest with address and SHA-256
 * @returns its path, and whether it was not there already
 * @throws PaletteError in one line: unknown name, no address, no connection, a refusal of the
 * server, wrong content, no space, no permission.
 */
export async function downloadNetwork(
  network: string | NetworkManifest,
  { folder: named, onProgress, signal }: DownloadOptions = {},
): Promise<{ readonly path: string; readonly downloaded: boolean }> {
  const folder = named ?? userCache("nets");
  // In the user's cache all files are this package's.
  const replace = named === undefined;
  const known = knownNetworks.find(({ name }) => name === network);
  const manifest = typeof network === "string" ? known : network;
  const others = downloadableNames.join(" or ");
  if (manifest === undefined) {
    throw new PaletteError(`There is no network ${network} to download; get ${others}.`);
  }
  const { title, name, file, labels } = manifest;
  if (manifest.url === undefined) {
    throw new PaletteError(
      `${title} (${name}) has no public address; put ${file} into ${folder} yourself, or get ${others}.`,
    );
  }
  const downloaded = await fetchFile(folder, manifest, replace, { signal, onProgress });
  if (labels?.url) await fetchFile(folder, labels, replace, { signal });
  return { path: join(folder, file), downloaded };
}

/**
 * Returns false when the right file is there already.
 * @param replace whether another file of that name is replaced
 */
async function fetchFile(
  folder: string,
  { file, url = "", sha256: expected, bytes }: Partial<NetworkManifest> & { readonly file: string },
  replace: boolean,
  { signal, onProgress }: DownloadOptions,
): Promise<boolean> {
  signal?.throwIfAborted();
  const path = join(folder, file);
  const there = await readFile(path).catch(() => undefined);
  if (there && (await sha256(there)) === expected) return false;
  if (there && !replace) {
    throw new PaletteError(
      `${path} is there already, but is another file than ${url}: move it away, or name another --nets.`,
    );
  }
  await assertWritable(folder, "name another --nets");
  const parts: Uint8Array[] = [];
  try {
    // The progress needs the length of the file, not of a compressed body.
    const response = await fetch(url, { headers: { "accept-encoding": "identity" }, signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new PaletteError(
        `${url} answers ${response.status} ${response.statusText}; try again later, or get it elsewhere.`,
      );
    }
    const total = bytes ?? Number(response.headers.get("content-length") ?? 0);
    let done = 0;
    for await (const part of response.body) {
      onProgress?.(done, Math.max(total, done));
      parts.push(part);
      done += part.length;
      if (bytes !== undefined && done > bytes) break;
    }
    onProgress?.(done, Math.max(total, done));
  } catch (thrown) {
    if (signal?.aborted) throw signal.reason;
    if (thrown instanceof PaletteError) throw thrown;
    // fetch hides the reason in the cause.
    const cause = (thrown as { cause?: NodeJS.ErrnoException }).cause;
    throw new PaletteError(
      `Cannot fetch ${url} (${cause?.code ?? reasonOf(cause ?? thrown)}); check the connection and try again.`,
    );
  }
  const content = Buffer.concat(parts);
  const digest = await sha256(content);
  if (digest !== expected) {
    throw new PaletteError(
      `${url} sent another file (${counted(content.length)} bytes, SHA-256 ${digest}); try again, or get it elsewhere.`,
    );
  }
  await writeAtomically(path, content);
  return true;
}

/** A file from an address, with progress. */
import { PaletteError, reasonOf } from "../util/errors.ts";
import { get } from "./url-source.ts";

export interface FetchProgress {
  /** Bytes so far. */
  readonly done: number;
  /** Bytes in all, where the server says so. */
  readonly total?: number;
}

export interface DownloadOptions {
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads a file whole.
 * @throws PaletteError when it cannot be fetched, or less comes than the server announced; the
 * signal's reason when aborted.
 */
export async function download(
  url: string,
  { onProgress, signal }: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await get(url, {}, signal);
  const total = announced(response);
  const parts: Uint8Array[] = [];
  let done = 0;
  try {
    for await (const part of response.body ?? []) {
      signal?.throwIfAborted();
      parts.push(part);
      done += part.length;
      onProgress?.(total === undefined ? { done } : { done, total });
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    throw cutShort(url, done, total, reasonOf(thrown));
  }
  if (total !== undefined && done !== total) throw cutShort(url, done, total);
  const all = new Uint8Array(done);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The length of a compressed answer is not that of the file. */
function announced({ headers }: Response): number | undefined {
  const length = headers.get("Content-Length");
  return length === null || headers.has("Content-Encoding") ? undefined : Number(length);
}

function cutShort(url: string, done: number, total?: number, why?: string): PaletteError {
  const of = total === undefined ? "" : ` of ${total}`;
  const because = why === undefined ? "" : ` (${why})`;
  return new PaletteError(
    `The download of ${url} broke off after ${done}${of} bytes${because}: try again.`,
  );
}

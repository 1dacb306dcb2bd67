/** Bytes of a URL, by range where the server offers it. */
import { type ByteSource, bytesInMemory } from "../models/byte-source.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";

/**
 * Opens a URL. A server that ignores the range sends everything at once, which is then kept.
 * @throws PaletteError when it cannot be fetched.
 */
export async function urlSource(url: string): Promise<ByteSource> {
  const probe = await get(url, { Range: "bytes=0-0" });
  const total = /\/(\d+)$/.exec(probe.headers.get("Content-Range") ?? "")?.[1];
  if (probe.status !== 206 || total === undefined) {
    return bytesInMemory(new Uint8Array(await probe.arrayBuffer()));
  }
  await probe.arrayBuffer();
  return {
    size: Number(total),
    async read(start, end) {
      if (end <= start) return new Uint8Array();
      const part = await get(url, { Range: `bytes=${start}-${end - 1}` });
      const bytes = new Uint8Array(await part.arrayBuffer());
      if (bytes.length === end - start) return bytes;
      throw new PaletteError(`${url} has changed while it was read; load it again.`);
    },
    close: async () => {},
  };
}

/**
 * @throws PaletteError unless the server answers with the content; the signal's reason when
 * aborted.
 */
export async function get(
  url: string,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers, signal });
  } catch (thrown) {
    signal?.throwIfAborted();
    throw new PaletteError(`${url} cannot be fetched (${reasonOf(thrown)}).`, { cause: thrown });
  }
  if (!response.ok) throw new PaletteError(`${url} cannot be fetched (status ${response.status}).`);
  return response;
}

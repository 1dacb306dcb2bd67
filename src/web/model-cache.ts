/**
 * Models that the browser keeps, in the Cache API: each by the SHA-256 of its weights, so that the
 * same model from two addresses is there once. config.json comes last, and says that all is there.
 */
import type { ByteSource } from "../models/byte-source.ts";
import { type ModelConfig, parseModelConfig } from "../models/config.ts";
import { configFile, type StoredModel, weightsFile, weightsOf } from "../models/model.ts";

/** A model that this browser keeps. */
export interface KeptModel {
  /** SHA-256 of weights.safetensors, in hexadecimal. */
  readonly digest: string;
  readonly config: ModelConfig;
  /** Of the weights. */
  readonly bytes: number;
  /** Where it came from; a model that was opened from files has none. */
  readonly address?: string;
  /** When it was stored. */
  readonly kept: Date;
}

/** What is known of a kept model, with its config.json as it was written. */
export interface CacheEntry extends KeptModel {
  readonly text: string;
}

const cacheName = "palette-models";
/** A cache is asked for requests. This host does not exist, so no other request is like ours. */
const base = "https://palette-diffusion.invalid/";
const headers = { address: "x-address", bytes: "x-bytes", kept: "x-kept" } as const;

const addressOf = (digest: string, file: string) => `${base}${digest}/${file}`;

/** Only pages that came over HTTPS, or from this machine, have a cache. */
export function hasCache(): boolean {
  return globalThis.caches !== undefined && globalThis.crypto?.subtle !== undefined;
}

function openCache(): Promise<Cache> {
  return caches.open(cacheName);
}

/** All kept models, the latest first. */
export async function cacheEntries(): Promise<CacheEntry[]> {
  if (!hasCache()) return [];
  const cache = await openCache();
  const found: CacheEntry[] = [];
  for (const { url } of await cache.keys()) {
    const [digest, file] = url.slice(base.length).split("/");
    if (digest === undefined || file !== configFile) continue;
    const response = await cache.match(url);
    const entry = response && (await entryOf(digest, response));
    if (entry) found.push(entry);
  }
  return found.sort((a, b) => b.kept.getTime() - a.kept.getTime());
}

/** Nothing for the config of a newer version, which this one cannot use. */
async function entryOf(digest: string, response: Response): Promise<CacheEntry | undefined> {
  const text = await response.text();
  const address = response.headers.get(headers.address);
  try {
    return {
      digest,
      text,
      config: parseModelConfig(text, configFile),
      bytes: Number(response.headers.get(headers.bytes)),
      kept: new Date(response.headers.get(headers.kept) ?? 0),
      ...(address !== null && { address }),
    };
  } catch {
    return undefined;
  }
}

/** The kept weights, read from the cache when they are asked for; undefined where they are gone. */
async function cachedWeights(digest: string): Promise<ByteSource | undefined> {
  if (!hasCache()) return undefined;
  const response = await (await openCache()).match(addressOf(digest, weightsFile));
  return response && blobSource(await response.blob());
}

/** A kept model for reading. */
export async function cachedModel({
  digest,
  config,
}: CacheEntry): Promise<StoredModel | undefined> {
  const weights = await cachedWeights(digest);
  return weights && { config, weights: weightsOf(async () => weights, weightsFile) };
}

/**
 * Keeps a model.
 * @returns whether the browser had room for it
 */
export async function keep(
  { digest, text, bytes, address }: Pick<CacheEntry, "digest" | "text" | "bytes" | "address">,
  weights: Blob,
): Promise<boolean> {
  if (!hasCache()) return false;
  try {
    const cache = await openCache();
    await cache.put(addressOf(digest, weightsFile), new Response(weights));
    const about = {
      [headers.bytes]: String(bytes),
      [headers.kept]: new Date().toISOString(),
      ...(address !== undefined && { [headers.address]: address }),
    };
    await cache.put(addressOf(digest, configFile), new Response(text, { headers: about }));
    return true;
  } catch {
    await drop(digest).catch(() => {});
    return false;
  }
}

/** @returns whether it was there */
export async function drop(digest: string): Promise<boolean> {
  if (!hasCache()) return false;
  const cache = await openCache();
  const there = await cache.delete(addressOf(digest, configFile));
  return (await cache.delete(addressOf(digest, weightsFile))) || there;
}

/** Bytes of a file or of what a browser keeps, read by range. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
    close: async () => {},
  };
}

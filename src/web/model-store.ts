/** Models in a browser: fetched with progress and kept, opened from files, listed, forgotten. */
import { parseModelConfig } from "../models/config.ts";
import {
  configFile,
  type StoredModel,
  type WeightSource,
  weightsFile,
  weightsOf,
} from "../models/model.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { PaletteError } from "../util/errors.ts";
import { sha256 } from "../util/sha256.ts";
import { download, type FetchProgress } from "./download.ts";
import {
  blobSource,
  type CacheEntry,
  cachedModel,
  cacheEntries,
  drop,
  hasCache,
  type KeptModel,
  keep,
} from "./model-cache.ts";
import { modelFiles } from "./model-files.ts";
import { get } from "./url-source.ts";

export type { FetchProgress } from "./download.ts";
export type { KeptModel } from "./model-cache.ts";

/** A model that a page can load; its weights are read when they are asked for. */
export interface BrowserModel extends StoredModel {
  /** SHA-256 of weights.safetensors; a page that came over plain HTTP cannot compute it. */
  readonly digest?: string;
  /** Of the weights. */
  readonly bytes: number;
  /** Whether the browser keeps it: there may be no room, and pages over plain HTTP keep nothing. */
  readonly kept: boolean;
}

export interface FetchModelOptions {
  /** The SHA-256 that the weights must have, in hexadecimal. */
  readonly digest?: string;
  /** Told as the weights arrive; not called where they are kept already. */
  readonly onProgress?: (progress: FetchProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * A model folder behind an address. Weights are downloaded once and kept; config.json is asked for
 * each time, and a model whose config has changed is fetched anew. Without a network the kept model
 * is given.
 * @param address of a folder with config.json and weights.safetensors, relative ones as usual
 * @throws PaletteError in one line when it cannot be fetched, is cut short, or is not what its
 * config or `digest` says; nothing of it is kept. The signal's reason when aborted.
 */
export async function fetchModel(
  address: string,
  { digest, onProgress, signal }: FetchModelOptions = {},
): Promise<BrowserModel> {
  const folder = folderOf(address);
  const entries = await cacheEntries();
  const ours = entries.filter((entry) => entry.address === folder);
  const fits = (entry: CacheEntry) => digest === undefined || entry.digest === digest;
  let text: string;
  try {
    text = await (await get(`${folder}${configFile}`, {}, signal)).text();
  } catch (thrown) {
    signal?.throwIfAborted();
    const kept = await firstOf(ours.filter(fits));
    if (kept !== undefined) return kept;
    throw thrown;
  }
  const config = parseModelConfig(text, `${folder}${configFile}`);
  // A digest says which weights are meant, wherever they came from.
  const same = (digest === undefined ? ours : entries).filter(
    (entry) => entry.text === text && fits(entry),
  );
  const known = await firstOf(same);
  if (known !== undefined) return known;
  const source = `${folder}${weightsFile}`;
  const bytes = await download(source, { onProgress, signal });
  const blob = new Blob([bytes]);
  const weights = weightsOf(async () => blobSource(blob), source);
  await check({ config, weights });
  const found = await digestOf(bytes);
  if (digest !== undefined && found !== undefined && found !== digest) {
    throw new PaletteError(
      `${source} is another file than expected (SHA-256 ${found}, not ${digest}): reload it, or ask for the right one.`,
    );
  }
  const stored = await store({ digest: found, text, bytes: blob.size, address: folder }, blob);
  if (stored) {
    // What was there under this address before is of no use any more.
    for (const old of ours) if (old.digest !== found) await drop(old.digest);
  }
  return { config, weights, bytes: blob.size, kept: stored, ...(found && { digest: found }) };
}

/**
 * A model from files that were dropped or chosen: a folder's config.json and weights.safetensors,
 * with or without others, or one zip of them.
 * @throws PaletteError when no model is among them, or it is damaged.
 */
export async function openModelFiles(
  files: readonly File[],
  {
    keep: wanted = true,
  }: {
    /** Whether the browser keeps it; default true. */
    readonly keep?: boolean;
  } = {},
): Promise<BrowserModel> {
  const { text, weights: blob, name } = await modelFiles(files);
  const config = parseModelConfig(text, configFile);
  const weights = weightsOf(async () => blobSource(blob), name);
  await check({ config, weights });
  const digest = await digestOf(await blob.arrayBuffer());
  const kept = wanted && (await store({ digest, text, bytes: blob.size }, blob));
  return { config, weights, bytes: blob.size, kept, ...(digest && { digest }) };
}

/** The models that this browser keeps, the latest first. */
export async function storedModels(): Promise<KeptModel[]> {
  return (await cacheEntries()).map(({ text: _, ...model }) => model);
}

/**
 * A kept model by its digest.
 * @throws PaletteError when it is not kept (any more).
 */
export async function openStoredModel(digest: string): Promise<BrowserModel> {
  const entries = await cacheEntries();
  const model = await firstOf(entries.filter((entry) => entry.digest === digest));
  if (model !== undefined) return model;
  throw new PaletteError(`The browser keeps no model ${digest.slice(0, 12)}: load it again.`);
}

/**
 * Forgets a kept model; networks loaded from it go on.
 * @returns whether it was there
 */
export function forgetModel(digest: string): Promise<boolean> {
  return drop(digest);
}

async function firstOf(entries: readonly CacheEntry[]): Promise<BrowserModel | undefined> {
  for (const entry of entries) {
    const model = await cachedModel(entry);
    if (model !== undefined) {
      return { ...model, digest: entry.digest, bytes: entry.bytes, kept: true };
    }
  }
  return undefined;
}

async function store(
  entry: Pick<CacheEntry, "text" | "bytes" | "address"> & { readonly digest: string | undefined },
  weights: Blob,
): Promise<boolean> {
  const { digest } = entry;
  return digest !== undefined && keep({ ...entry, digest }, weights);
}

/** Reads all weights once: they must be the network's. */
async function check({
  config,
  weights,
}: {
  config: StoredModel["config"];
  weights: WeightSource;
}) {
  await weights.read(parameterSpecs(config.network), () => {});
}

/** The SHA-256 of weights; undefined where the browser can keep none. */
async function digestOf(bytes: Uint8Array | ArrayBuffer): Promise<string | undefined> {
  return hasCache() ? sha256(bytes) : undefined;
}

/** The whole address of a folder, with a slash at its end. */
function folderOf(address: string): string {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  return new URL(address.endsWith("/") ? address : `${address}/`, base).href;
}

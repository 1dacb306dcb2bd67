/** The feature networks on this machine: where they lie, which serves what, how one is opened. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { FeatureExtractors, FeatureStore } from "../evaluation/features/extract-features.ts";
import { type FeatureNetwork, openNetwork } from "../evaluation/features/feature-network.ts";
import {
  knownNetworks,
  type NetworkManifest,
  parseManifest,
  serves,
  type View,
} from "../evaluation/features/manifest.ts";
import { nodeRuntime } from "../runtime/node/index.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { writeAtomically } from "./atomic-write.ts";
import { userCache } from "./user-cache.ts";

/** A network whose file is on this machine. */
export interface FoundNetwork {
  readonly manifest: NetworkManifest;
  /** The ONNX file. */
  readonly path: string;
  /** Its list of classes, if there is one. */
  readonly labels?: string;
}

/**
 * The searched folders in order: the given one, $PALETTE_NETS, beside the package (the same from
 * the sources and when built), the user's cache.
 */
export function networkFolders(nets?: string): string[] {
  const beside = fileURLToPath(new URL("../../../shared/weights", import.meta.url));
  const folders = [nets, process.env.PALETTE_NETS, beside, userCache("nets")];
  return [...new Set(folders.flatMap((folder) => (folder ? [resolve(folder)] : [])))];
}

/**
 * All networks on this machine; of several with one name the first. A manifest beside a file
 * precedes the known one of that name.
 * @param nets a folder to search first; it must exist
 * @throws PaletteError when `nets` is no folder, or a manifest beside its network is wrong.
 */
export async function findNetworks(nets?: string): Promise<FoundNetwork[]> {
  if (nets !== undefined && !(await stat(nets).catch(() => undefined))?.isDirectory()) {
    throw new PaletteError(
      `There is no folder ${nets}; name the one that holds the networks, or fetch one with "palette features get NAME --nets ${nets}".`,
    );
  }
  const folders = networkFolders(nets);
  const found = new Map<string, FoundNetwork>();
  for (const folder of folders) {
    for (const manifest of await manifestsIn(folder)) {
      const path = await firstFile([folder], manifest.file);
      if (path === undefined || found.has(manifest.name)) continue;
      const labels = await firstFile([folder, ...folders], manifest.labels?.file);
      found.set(manifest.name, { manifest, path, ...(labels && { labels }) });
    }
  }
  return [...found.values()];
}

/** The manifests that hold in a folder: those beside a network in it, then the known ones. */
async function manifestsIn(folder: string): Promise<NetworkManifest[]> {
  const names = (await readdir(folder).catch((): string[] => [])).sort();
  // Other JSON files may lie there too; one named like a network is a manifest.
  const own = await Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .filter((name) => names.includes(name.replace(/json$/, "onnx")))
      .map((name) => join(folder, name))
      .map(async (path) => parseManifest(await readFile(path, "utf8").catch(() => ""), path)),
  );
  const given = new Set(own.map(({ name }) => name));
  return [...own, ...knownNetworks.filter(({ name }) => !given.has(name))];
}

export interface NetworkChoice {
  /** A folder to search first. */
  readonly nets?: string;
  /** The network for FID, KID, IS and PD by name; default googlenet, else googlenet-12. */
  readonly features?: string;
  /** The network for CA; default mobilenet_v2, else mobilenetv2-12, else that of the features. */
  readonly classifier?: string;
}

export interface ChosenNetworks {
  readonly features?: FoundNetwork;
  readonly classifier?: FoundNetwork;
}

/**
 * The networks to measure with. Default ones that are not on this machine are left out.
 * @throws PaletteError when a named one is missing or cannot serve.
 */
export async function chooseNetworks(choice: NetworkChoice = {}): Promise<ChosenNetworks> {
  const found = await findNetworks(choice.nets);
  const pick = (use: "features" | "classifier", defaults: readonly (string | undefined)[]) => {
    const wanted = choice[use];
    const there = (wanted === undefined ? defaults : [wanted]).flatMap(
      (name) => found.find(({ manifest }) => manifest.name === name) ?? [],
    );
    const able = there.find(({ manifest }) => serves(manifest, use));
    if (able !== undefined || wanted === undefined) return able;
    if (there.length === 0) throw missing(wanted, found);
    const what = use === "features" ? "features" : "class probabilities";
    throw new PaletteError(`The network ${wanted} gives no ${what}; choose another one.`);
  };
  const features = pick("features", ["googlenet", "googlenet-12"]);
  const also = features?.manifest.name;
  const classifier = pick("classifier", ["mobilenet_v2", "mobilenetv2-12", also]);
  return omitUndefined({ features, classifier });
}

/** Reads and loads a network; `engines` as in `openNetwork`. */
export async function openFoundNetwork(
  { manifest, path, labels }: FoundNetwork,
  options: { readonly view?: View; readonly engines?: number } = {},
): Promise<FeatureNetwork> {
  const read = (file: string) =>
    readFile(file).catch((thrown) => {
      throw new PaletteError(`Cannot read ${file}: ${reasonOf(thrown)}.`);
    });
  const list = labels && { path: labels, text: (await read(labels)).toString("utf8") };
  const files = { manifest, path, model: await read(path), ...(list && { labels: list }) };
  return openNetwork(files, { runtime: nodeRuntime, ...options });
}

/** Loads the chosen networks: features of whole pictures, classes of their middle. */
export async function openFeatureExtractors(
  { features, classifier }: ChosenNetworks,
  engines?: number,
): Promise<FeatureExtractors> {
  const first = features && (await openFoundNetwork(features, { view: "whole", engines }));
  const opening = classifier && openFoundNetwork(classifier, { view: "middle", engines });
  const second = await opening?.catch(async (thrown) => {
    await first?.dispose();
    throw thrown;
  });
  return { features: first, classifier: second, store: featureFiles() };
}

/** Features as files, by default in the user's cache. */
export function featureFiles(folder = userCache("features")): FeatureStore {
  return {
    read: (name) => readFile(join(folder, name)).catch(() => undefined),
    write: (name, content) => writeAtomically(join(folder, name), content),
  };
}

function missing(name: string, found: readonly FoundNetwork[]): PaletteError {
  const there = found.map(({ manifest }) => manifest.name).join(", ") || "none";
  const known = knownNetworks.find((one) => one.name === name);
  const place = known && `put ${known.file} into a folder and name it with --nets`;
  const remedy = known?.url ? `run "palette features get ${name}"` : place;
  return new PaletteError(
    `There is no network ${name} (found: ${there}); ${remedy ?? '"palette features list" shows the known ones'}.`,
  );
}

async function firstFile(folders: readonly string[], name = ""): Promise<string | undefined> {
  for (const path of folders.map((folder) => join(folder, name))) {
    if ((await stat(path).catch(() => undefined))?.isFile()) return path;
  }
  return undefined;
}

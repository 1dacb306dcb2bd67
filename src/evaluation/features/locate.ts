/** Where feature networks lie on this machine, and which of them is used for what. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PaletteError } from "../../util/errors.ts";
import { type NetworkManifest, parseManifest, usesOf } from "./manifest.ts";
import { knownNetworks } from "./registry.ts";
import { userNetworks } from "./user-cache.ts";

/** A network whose file is on this machine. */
export interface FoundNetwork {
  readonly manifest: NetworkManifest;
  /** The ONNX file. */
  readonly path: string;
  /** Its list of classes, if there is one. */
  readonly labels?: string;
}

export interface FindOptions {
  /** The folder of `--nets`, looked into first; it must exist. */
  readonly nets?: string;
}

/** The same from the sources and when built. */
const packageFolder = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Where networks are looked for, in order: the given folder, $PALETTE_NETS, `../shared/weights` beside
 * the working directory and beside the package, the user's cache.
 */
export function networkFolders({ nets }: FindOptions = {}): string[] {
  const fromEnvironment = process.env.PALETTE_NETS;
  const folders = [
    ...(nets ? [nets] : []),
    ...(fromEnvironment ? [fromEnvironment] : []),
    "../shared/weights",
    join(packageFolder, "../shared/weights"),
    userNetworks(),
  ];
  return [...new Set(folders.map((folder) => resolve(folder)))];
}

/**
 * All networks on this machine, one a name: of several with the same name the first. A manifest
 * beside a file goes before the known one of that name.
 * @throws PaletteError when `nets` is no folder, or a manifest beside its network is wrong.
 */
export async function findNetworks(options: FindOptions = {}): Promise<FoundNetwork[]> {
  const { nets } = options;
  if (nets !== undefined && !(await stat(nets).catch(() => undefined))?.isDirectory()) {
    throw new PaletteError(
      `There is no folder ${nets}; name the one that holds the networks, or fetch one with "palette nets get NAME --nets ${nets}".`,
    );
  }
  const folders = networkFolders(options);
  const found = new Map<string, FoundNetwork>();
  for (const folder of folders) {
    for (const manifest of await manifestsIn(folder)) {
      if (found.has(manifest.name)) continue;
      const path = join(folder, manifest.file);
      if (!(await isFile(path))) continue;
      const labels =
        manifest.labels && (await firstFile([folder, ...folders], manifest.labels.file));
      found.set(manifest.name, { manifest, path, ...(labels && { labels }) });
    }
  }
  return [...found.values()];
}

/** The manifests that hold in a folder: those that lie there, then the known ones. */
export async function manifestsIn(folder: string): Promise<NetworkManifest[]> {
  const names = (await readdir(folder).catch((): string[] => [])).sort();
  const own: NetworkManifest[] = [];
  for (const name of names.filter((one) => one.endsWith(".json"))) {
    const path = join(folder, name);
    const text = await readFile(path, "utf8").catch(() => "");
    try {
      own.push(parseManifest(text, path));
    } catch (thrown) {
      // Other JSON files may lie there too; what is named like a network is meant as its manifest.
      if (names.includes(name.replace(/\.json$/, ".onnx"))) throw thrown;
    }
  }
  const given = new Set(own.map(({ name }) => name));
  return [...own, ...knownNetworks.filter(({ name }) => !given.has(name))];
}

export interface ChooseOptions extends FindOptions {
  /** The network for FID, KID, IS and PD by name; unless given googlenet, else googlenet-12. */
  readonly features?: string;
  /** The network for CA; unless given mobilenet_v2, mobilenetv2-12, else that of the features. */
  readonly classifier?: string;
}

export interface ChosenNetworks {
  readonly features?: FoundNetwork;
  readonly classifier?: FoundNetwork;
}

/**
 * The networks to measure with. One that is not named and not there is left out.
 * @throws PaletteError when a named one is missing or cannot serve, saying what there is and how to
 * get it.
 */
export async function chooseNetworks(options: ChooseOptions = {}): Promise<ChosenNetworks> {
  const found = await findNetworks(options);
  const named = (name: string, use: "features" | "classifier"): FoundNetwork => {
    const network = found.find(({ manifest }) => manifest.name === name);
    if (network === undefined) throw missing(name, found);
    if (!usesOf(network.manifest).includes(use)) {
      const what = use === "features" ? "features" : "class probabilities";
      throw new PaletteError(`The network ${name} gives no ${what}; choose another one.`);
    }
    return network;
  };
  const firstOf = (use: "features" | "classifier", ...names: string[]): FoundNetwork | undefined =>
    names
      .flatMap((name) => found.filter(({ manifest }) => manifest.name === name))
      .find(({ manifest }) => usesOf(manifest).includes(use));

  const features = options.features
    ? named(options.features, "features")
    : firstOf("features", "googlenet", "googlenet-12");
  const classifies = features !== undefined && usesOf(features.manifest).includes("classifier");
  const classifier = options.classifier
    ? named(options.classifier, "classifier")
    : (firstOf("classifier", "mobilenet_v2", "mobilenetv2-12") ??
      (classifies ? features : undefined));
  return { ...(features && { features }), ...(classifier && { classifier }) };
}

function missing(name: string, found: readonly FoundNetwork[]): PaletteError {
  const there = found.map(({ manifest }) => manifest.name).join(", ") || "none";
  const known = knownNetworks.find((one) => one.name === name);
  const remedy = known?.url
    ? `run "palette nets get ${name}"`
    : known
      ? `put ${known.file} into a folder and name it with --nets`
      : `"palette nets list" shows what can be had`;
  return new PaletteError(`There is no network ${name} (found: ${there}); ${remedy}.`);
}

async function firstFile(folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    if (await isFile(path)) return path;
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

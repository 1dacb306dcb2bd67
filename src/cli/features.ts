/** `palette features`: the feature networks that pictures are measured with. */
import { stat } from "node:fs/promises";
import { type NetworkManifest, usesOf } from "../evaluation/features/manifest.ts";
import { knownNetworks } from "../evaluation/features/registry.ts";
import { downloadNetwork } from "../node/download-network.ts";
import { findNetworks, networkFolders } from "../node/feature-networks.ts";
import { inGigabytes } from "../util/format.ts";
import type { FeaturesFlags } from "./commands/features.ts";
import { say } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { startProgress } from "./progress.ts";

/** One line of the list. */
interface Listed {
  readonly name: string;
  readonly title: string;
  readonly measures: readonly string[];
  readonly bytes?: number;
  readonly license?: string;
  readonly path?: string;
  readonly labels?: string;
  /** How to get a network that is not here. */
  readonly get?: string;
}

/** Prints the networks of this machine and those that can be downloaded. */
export async function listFeatures({ nets, json }: FeaturesFlags): Promise<void> {
  const networks = await list(nets);
  const folders = networkFolders(nets);
  say(json ? JSON.stringify({ folders, networks }, null, 2) : toText(networks, folders));
}

/** Downloads a network, by default into the user's cache. */
export async function getFeatures(name: string, { nets: folder }: FeaturesFlags): Promise<void> {
  const progress = startProgress(`${name} (MB)`, 1);
  const inMegabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
  try {
    const { path, downloaded } = await interruptible((signal) =>
      downloadNetwork(name, {
        folder,
        signal,
        onProgress: (done, total) => progress.update(inMegabytes(done), inMegabytes(total)),
      }),
    );
    progress.stop();
    say(downloaded ? path : `${path} is there already`);
  } finally {
    progress.stop();
  }
}

async function list(nets: string | undefined): Promise<Listed[]> {
  const found = await findNetworks(nets);
  const names = new Set(found.map(({ manifest }) => manifest.name));
  const here = found.map(async ({ manifest, path, labels }) => ({
    ...describe(manifest),
    bytes: (await stat(path)).size,
    path,
    ...(labels && { labels }),
  }));
  const elsewhere = knownNetworks
    .filter(({ name }) => !names.has(name))
    .map((manifest) => ({
      ...describe(manifest),
      get: manifest.url
        ? `palette features get ${manifest.name}`
        : `no public address; put ${manifest.file} into one of the folders`,
    }));
  return [...(await Promise.all(here)), ...elsewhere];
}

function describe(manifest: NetworkManifest): Listed {
  const { name, title, bytes, license } = manifest;
  const uses = usesOf(manifest);
  const [features, classifier] = [uses.includes("features"), uses.includes("classifier")];
  const measures = [
    ...(features ? ["FID", "KID", "PD"] : []),
    ...(features && classifier ? ["IS"] : []),
    ...(classifier ? ["CA"] : []),
  ];
  return { name, title, measures, ...(bytes && { bytes }), ...(license && { license }) };
}

function toText(listed: readonly Listed[], folders: readonly string[]): string {
  const rows = [
    ["network", "measures", "size", "license", "where"],
    ...listed.map(({ name, measures, bytes, license, path, get }) => [
      name,
      measures.join(" "),
      bytes === undefined ? "" : inGigabytes(bytes),
      license ?? "",
      path ?? `not here: ${get}`,
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, "", `looked in ${folders.join(", ")}`].join("\n");
}

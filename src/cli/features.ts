/** `palette features`: the feature networks that pictures are measured with. */
import { stat } from "node:fs/promises";
import { knownNetworks, type NetworkManifest, serves } from "../evaluation/features/manifest.ts";
import { downloadNetwork } from "../node/download-network.ts";
import { findNetworks, networkFolders } from "../node/feature-networks.ts";
import { inGigabytes } from "../util/format.ts";
import { alignedColumns } from "./aligned-columns.ts";
import type { FeaturesFlags } from "./commands/features.ts";
import { say } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { startProgress } from "./progress.ts";

/** Prints the networks of this machine and those that can be downloaded. */
export async function listFeatures({ nets, json }: FeaturesFlags): Promise<void> {
  const folders = networkFolders(nets);
  const found = await findNetworks(nets);
  const names = new Set(found.map(({ manifest }) => manifest.name));
  const here = found.map(async ({ manifest, path, labels }) => ({
    ...described(manifest),
    bytes: (await stat(path)).size,
    path,
    labels,
    get: undefined,
  }));
  const elsewhere = knownNetworks
    .filter(({ name }) => !names.has(name))
    .map((manifest) => ({
      ...described(manifest),
      path: undefined,
      get: manifest.url
        ? `palette features get ${manifest.name}`
        : `no public address; put ${manifest.file} into one of the folders`,
    }));
  const networks = [...(await Promise.all(here)), ...elsewhere];
  if (json) return say(JSON.stringify({ folders, networks }, null, 2));
  const rows = [
    ["network", "measures", "size", "license", "where"],
    ...networks.map(({ name, measures, bytes, license, path, get }) => [
      name,
      measures.join(" "),
      bytes === undefined ? "" : inGigabytes(bytes),
      license ?? "",
      path ?? `not here: ${get}`,
    ]),
  ];
  say([...alignedColumns(rows), "", `looked in ${folders.join(", ")}`].join("\n"));
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

function described(manifest: NetworkManifest) {
  const { name, title, bytes, license } = manifest;
  const [features, classifier] = [serves(manifest, "features"), serves(manifest, "classifier")];
  const measures = [
    ...(features ? ["FID", "KID", "PD"] : []),
    ...(features && classifier ? ["IS"] : []),
    ...(classifier ? ["CA"] : []),
  ];
  return { name, title, measures, bytes, license };
}

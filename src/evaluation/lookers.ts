/** The feature networks of an evaluation, opened together. */
import { cached } from "./networks/feature-cache.ts";
import { type FeatureNetwork, openNetwork } from "./networks/feature-network.ts";
import type { ChosenNetworks } from "./networks/find.ts";
import { inputOf } from "./networks/manifest.ts";
import type { NetworkInfo } from "./report/report.ts";

/** The networks that are at hand; each may be missing, and both may be one. */
export interface Lookers {
  readonly features?: FeatureNetwork | undefined;
  readonly classifier?: FeatureNetwork | undefined;
}

/** Opens the networks, each once, with what they said before kept by content. */
export async function openLookers({ features, classifier }: ChosenNetworks): Promise<Lookers> {
  const open = async (found: NonNullable<ChosenNetworks["features"]>): Promise<FeatureNetwork> =>
    cached(await openNetwork(found));
  const first = features && (await open(features));
  try {
    const same = classifier?.path === features?.path;
    const second = same ? first : classifier && (await open(classifier));
    return { features: first, classifier: second };
  } catch (thrown) {
    await first?.dispose();
    throw thrown;
  }
}

export async function closeLookers({ features, classifier }: Lookers): Promise<void> {
  await features?.dispose();
  if (classifier !== features) await classifier?.dispose();
}

export function networkInfo({ manifest, digest }: FeatureNetwork): NetworkInfo {
  const { name, title, license } = manifest;
  return { name, title, digest, input: inputOf(manifest), ...(license && { license }) };
}

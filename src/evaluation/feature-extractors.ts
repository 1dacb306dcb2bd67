/** The feature networks of an evaluation, opened together. */
import { cached } from "./features/feature-cache.ts";
import { type FeatureNetwork, openNetwork } from "./features/feature-network.ts";
import type { ChosenNetworks } from "./features/locate.ts";
import { inputOf } from "./features/manifest.ts";
import type { NetworkInfo } from "./report/report.ts";

/**
 * The networks that are at hand; each may be missing. That of the features is shown whole pictures, the
 * classifier the middle, so that they are two even if their file is one.
 */
export interface FeatureExtractors {
  readonly features?: FeatureNetwork | undefined;
  readonly classifier?: FeatureNetwork | undefined;
}

/** Opens the networks, with what they said before kept by content. */
export async function openFeatureExtractors({
  features,
  classifier,
}: ChosenNetworks): Promise<FeatureExtractors> {
  const first = features && cached(await openNetwork(features, { view: "whole" }));
  try {
    const second = classifier && cached(await openNetwork(classifier, { view: "middle" }));
    return { features: first, classifier: second };
  } catch (thrown) {
    await first?.dispose();
    throw thrown;
  }
}

export async function closeFeatureExtractors({
  features,
  classifier,
}: FeatureExtractors): Promise<void> {
  await features?.dispose();
  await classifier?.dispose();
}

export function networkInfo({ manifest, digest, view }: FeatureNetwork): NetworkInfo {
  const { name, title, license } = manifest;
  return { name, title, digest, input: inputOf(manifest, view), ...(license && { license }) };
}

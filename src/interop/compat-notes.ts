/** In what networks of the public PyTorch re-implementation differ from the paper's. */
import type { UNetConfig } from "../nn/config.ts";
import type { Architecture } from "./architecture.ts";
import type { RepositoryConfig } from "./repository-config.ts";

/** Their `p_sample` and `restoration` (models/network.py, models/model.py). */
export const janspirySampler = {
  variance: "posterior",
  clip: true,
  start: "source",
  belowTrained: true,
} as const;

/** What differs from the paper or had to be assumed, a sentence each. */
export function peculiarities(
  network: UNetConfig,
  found: Architecture,
  theirs: RepositoryConfig | undefined,
  options: { readonly resolution?: number },
): string[] {
  const factors = found.attentionLevels.map((level) => 2 ** level);
  const notes = [
    `Attention stands by down-sampling factor (attn_res), here at ${factors.length > 0 ? `${factors.join(", ")} and ` : ""}the middle's ${2 ** (found.multipliers.length - 1)}, whatever the resolution.`,
    "The noise level enters as gamma itself, in sinusoids of periods from 2 pi to 20,000 pi.",
    "Its own sampler, ddpm here, adds noise of the posterior variance, clips each estimate to [-1, 1], starts from the source with the noise in its hole, and walks all levels of the inference schedule.",
  ];
  const unused = theirs?.unet.attn_res?.filter((one) => !factors.includes(one)) ?? [];
  if (unused.length > 0) {
    notes.push(`attn_res ${unused.join(", ")} is no down-sampling factor of it and has no effect.`);
  }
  if (theirs === undefined) {
    notes.push(
      `Heads of ${network.headChannels} channels are assumed, as in the published configurations (--config says).`,
    );
  }
  if (theirs?.unet.use_new_attention_order) {
    notes.push("Its queries, keys and values were put in order head by head.");
  }
  if (options.resolution === undefined && theirs?.resolution === undefined) {
    notes.push(`${network.resolution} pixels are assumed (--config or --resolution says).`);
  }
  return notes;
}

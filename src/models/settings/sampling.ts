/** What a model's makers measured of its use: windows, steps by task, JPEGs better left alone. */
import { z } from "zod";
import {
  type SamplerConfig,
  samplerConfigSchema,
} from "../../diffusion/samplers/sampler-config.ts";
import type { NetworkConfig } from "../../nn/network.ts";

/** How pictures larger than the network are seen. */
const windowSchema = z
  .strictObject({
    /** The longest side of a window, in pixels: a multiple of what the network's levels divide. */
    side: z.int().positive(),
    /** Pixels that neighbours share at least; at most half a window. */
    overlap: z.int().positive(),
  })
  .refine(({ side, overlap }) => 2 * overlap <= side, {
    error: "windows overlap by at most half of their side",
  });

export type SamplingWindow = z.infer<typeof windowSchema>;

export const samplingSchema = z.strictObject({
  /** Samplers by task, in the place of the model's own. */
  samplers: z.record(z.string(), samplerConfigSchema).optional(),
  /** Steps by task, for its own sampler; `samplingDefaults.steps` where left out. */
  steps: z.record(z.string(), z.int().positive()).optional(),
  /**
   * Tasks whose walk starts at the degraded picture under noise of this sigma, for their own
   * sampler, rather than at noise alone: fewer steps then do (docs/experiments/021).
   */
  starts: z.record(z.string(), z.number().positive()).optional(),
  /**
   * That sigma of JPEG restoration by the photo's quality, linear in between: the better the
   * photo, the less is to be drawn anew (docs/experiments/028). `starts` where left out.
   */
  jpegStarts: z.record(z.string().regex(/^\d+$/), z.number().positive()).optional(),
  /**
   * The share of that noise that is added, by task; 1 where left out. The damage is noise as well,
   * and what is added less is not left in the answer.
   */
  startNoise: z.record(z.string(), z.number().min(0).max(1)).optional(),
  /** `defaultWindow` where left out. */
  window: windowSchema.optional(),
  /**
   * The network's share in a restored JPEG by the photo's quality, linear in between; the rest is
   * the JPEG. Above the highest quality the network makes photos worse, and they are left as they
   * are.
   */
  jpegShares: z.record(z.string().regex(/^\d+$/), z.number().gt(0).max(1)).optional(),
});

export type SamplingSettings = z.infer<typeof samplingSchema>;

/** The sampler of a task unless another is named: its own, or the model's. */
export function ownSampler(
  {
    sampler,
    sampling,
  }: {
    readonly sampler?: SamplerConfig | undefined;
    readonly sampling?: SamplingSettings | undefined;
  },
  task: string,
): SamplerConfig | undefined {
  return sampling?.samplers?.[task] ?? sampler;
}

/**
 * What holds for a model trained further: its sampler and network are the same. Which JPEGs it
 * improves is to be measured again.
 */
export function inheritedSampling({ jpegShares: _, ...kept }: SamplingSettings): SamplingSettings {
  return kept;
}

/** Networks up to this side see windows larger than they were trained on. */
const largestWidened = 64;

/**
 * Of a small network windows of up to three of its sides that overlap by a quarter of one: 192
 * pixels and 16 at 64 (docs/experiments/018 and 022). A large one sees windows of its own side at
 * half overlap, for its memory's sake.
 */
export function defaultWindow({ resolution }: NetworkConfig): SamplingWindow {
  return resolution <= largestWidened
    ? { side: 3 * resolution, overlap: Math.floor(resolution / 4) }
    : { side: resolution, overlap: Math.floor(resolution / 2) };
}

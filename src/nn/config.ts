/**
 * The configuration of a network: the U-Net of "Diffusion Models Beat GANs" (ADM) as in Palette,
 * without classes, with the source image and the noisy image concatenated at its input.
 */
import { z } from "zod";
import { embeddings, type NetworkConfig } from "./network.ts";

/** How the lower resolutions see the whole image: the four variants of the paper's Table 5. */
export const contexts = [
  "global-attention",
  "local-attention",
  "more-blocks",
  "dilated-convolutions",
] as const;

/** How the network's inputs reach its output other than through its stages. */
export const outputSkips = ["none", "concat", "laplacian"] as const;

const uNetSchema = z
  .object({
    /** Which network it is: see registry.ts. */
    type: z.literal("unet").default("unet"),
    /** Side of the square images the network is trained for, in pixels. */
    resolution: z.number().int().min(1).max(8192),
    /** Channels of one image. */
    channels: z.number().int().positive().default(3),
    /** Space-to-depth factor before the first convolution: 2 makes 64x64x6 into 32x32x24. */
    stem: z.union([z.literal(1), z.literal(2), z.literal(4)]).default(1),
    /**
     * "concat": the last convolution takes the raw inputs again, which a wide stem would lose.
     * "laplacian": it also gates, pixel by pixel, how much of the source and of y_t is added to the
     * output, for details of three sizes and the rest, for brightness and for colours.
     */
    outputSkip: z.enum(outputSkips).default("none"),
    /** Channels of the first stage. */
    base: z.number().int().positive(),
    /** Channels of each stage, as multiples of `base`. Each stage halves the resolution. */
    multipliers: z.array(z.number().int().positive()).min(1),
    /** Residual blocks a stage on the way down; one more on the way up. */
    blocks: z.number().int().min(1).max(100),
    /** Sides of the feature maps that get self-attention (or what `context` puts in its place). */
    attention: z.array(z.number().int().positive()),
    context: z.enum(contexts).default("global-attention"),
    /** Channels of one attention head. */
    headChannels: z.number().int().positive().default(64),
    /** Resolution changes inside residual blocks (ADM's BigGAN blocks) or by convolutions. */
    resampling: z.enum(["block", "convolution"]).default("block"),
    /** Groups of the group normalisation. */
    groups: z.number().int().positive().default(32),
    /** The embedded number: the noise level's log-SNR, or gamma itself as in PyTorch Palette. */
    embedding: z.enum(embeddings).default("log-snr"),
  })
  .strict()
  .superRefine((config, context) => {
    const fail = (message: string) => context.addIssue({ code: "custom", message });
    const smallest = config.stem * 2 ** (config.multipliers.length - 1);
    if (config.resolution % smallest !== 0)
      fail(`resolution ${config.resolution} must be a multiple of ${smallest} (stem and stages)`);
    if (config.base % 2 !== 0) fail(`base ${config.base} must be even (sines and cosines)`);
    const sides = config.multipliers.map((_, stage) => sideOf(config, stage));
    for (const side of config.attention) {
      if (!sides.includes(side))
        fail(`attention at ${side}: the feature maps have sides ${sides.join(", ")}`);
    }
    const attended = [...config.attention, ...sides.slice(-1)];
    const odd = attended.find((side) => side % 2 !== 0);
    if (config.context === "local-attention" && odd !== undefined)
      fail(`local attention needs maps that divide into quarters, not of side ${odd}`);
    for (const [stage, multiplier] of config.multipliers.entries()) {
      const channels = config.base * multiplier;
      if (channels % config.groups !== 0)
        fail(`${channels} channels (base x multiplier) do not divide into ${config.groups} groups`);
      const attends = usesAttention(config) && attended.includes(sides[stage]!);
      if (attends && channels % config.headChannels !== 0)
        fail(`${channels} channels do not divide into heads of ${config.headChannels}`);
    }
  });

/** The configuration of a U-Net. Reads `rejoin` of format 1 as well, the former `outputSkip`. */
export const uNetConfig = z.preprocess(withoutRejoin, uNetSchema);

/** The values of `rejoin`, in the words of `outputSkip`. */
const outputSkipOf = new Map<unknown, UNetConfig["outputSkip"]>([
  [false, "none"],
  [true, "concat"],
  ["bands", "laplacian"],
]);

function withoutRejoin(config: unknown, context: z.core.$RefinementCtx): unknown {
  if (typeof config !== "object" || config === null || !("rejoin" in config)) return config;
  const { rejoin, ...rest } = config;
  const outputSkip = outputSkipOf.get(rejoin);
  if (outputSkip !== undefined) return { outputSkip, ...rest };
  const message =
    rejoin === "gated"
      ? 'rejoin "gated" is gone: convert the model with scripts/to-bands.ts of commit 72c6a85'
      : `rejoin ${JSON.stringify(rejoin)} is not one of false, true, "bands"`;
  context.addIssue({ code: "custom", message, path: ["rejoin"] });
  return z.NEVER;
}

export type UNetConfig = z.infer<typeof uNetSchema>;

/** Whether a network is the U-Net: what is about its parts asks first. */
export function isUNet(config: NetworkConfig): config is UNetConfig {
  return config.type === "unet";
}

/** Whether the variant has self-attention at all. */
export function usesAttention(config: { readonly context: UNetConfig["context"] }): boolean {
  return config.context === "global-attention" || config.context === "local-attention";
}

/** Side of the feature maps of a stage. */
export function sideOf(config: Pick<UNetConfig, "resolution" | "stem">, stage: number): number {
  return config.resolution / config.stem / 2 ** stage;
}

/** The same stages attend. The side may not suit: the schema says so. */
export function uNetAtResolution(config: UNetConfig, resolution: number): UNetConfig {
  const attention = config.attention.map((side) => (side * resolution) / config.resolution);
  return { ...config, resolution, attention };
}

/** Heights and widths of images that the U-Net can take at all are multiples of this. */
export function uNetSideMultiple(config: UNetConfig): number {
  const quarters = config.context === "local-attention" ? 2 : 1;
  return config.stem * 2 ** (config.multipliers.length - 1) * quarters;
}

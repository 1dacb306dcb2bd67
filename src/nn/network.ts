/** What every network is to the rest of the program: its settings, its inputs, how it is built. */
import type { z } from "zod";
import { logSnr } from "../diffusion/schedule.ts";
import type { Graph, LoweringName, Quantization, Tensor } from "../graph/index.ts";
import type { Parameters } from "./parameters.ts";

/** The numbers that can stand for a noise level: its log-SNR, or gamma as in PyTorch Palette. */
export const embeddings = ["log-snr", "gamma"] as const;

/** The settings that every network has. */
export interface NetworkConfig {
  /** Which network it is: see registry.ts. */
  readonly type: string;
  /** Side of the square images it is trained for, in pixels. */
  readonly resolution: number;
  /** Channels of one image. */
  readonly channels: number;
  /** The number that stands for the noise level; default "log-snr". */
  readonly embedding?: (typeof embeddings)[number];
}

export interface NetworkInputs {
  /** The condition x, [N,C,H,W]. */
  readonly source: Tensor;
  /** The noisy image y_t, [N,C,H,W]. */
  readonly noisy: Tensor;
  /** `noiseEmbeddingInput` of each image, [N]. */
  readonly conditioning: Tensor;
}

export interface BuildOptions {
  /** The backward pass computes each block once more instead of keeping its maps. */
  readonly recompute?: boolean;
  /** How feature maps are stored and convolutions carried out (default "cpu"). */
  readonly lowering?: LoweringName;
  /** For convolutions in 8 bits, on a processor; `lowering` is not looked at then. */
  readonly quantization?: Quantization;
}

export interface NetworkDefinition<C extends NetworkConfig = NetworkConfig> {
  readonly configSchema: z.ZodType<C>;
  /** The output [N,C,H,W]; every parameter is taken from `parameters` once. */
  build(config: C, parameters: Parameters, inputs: NetworkInputs, options?: BuildOptions): Tensor;
  /** Heights and widths of images that it takes at all are multiples of this; 1 unless given. */
  sideMultiple?(config: C): number;
  /** The network with the same weights, made for images of this side; `resolution` alone else. */
  atResolution?(config: C, resolution: number): NetworkConfig;
}

/** The network's inputs as inputs of a graph, for a batch of n images of the given size. */
export function networkInputs(
  graph: Graph,
  { channels, resolution }: Pick<NetworkConfig, "channels" | "resolution">,
  n: number,
  [height, width]: readonly [number, number] = [resolution, resolution],
): NetworkInputs {
  const image = [n, channels, height, width];
  return {
    source: graph.input("source", image),
    noisy: graph.input("noisy", image),
    conditioning: graph.input("conditioning", [n]),
  };
}

/** Log-SNR is clamped to this on both sides; training stays within (-10.1, 13.9). */
const LOG_SNR_LIMIT = 15;
/** Sinusoids run from 1 to 1e-4 radians a unit: 25 units a nat keep all noise levels apart. */
const UNITS_PER_NAT = 25;

/**
 * The number that enters the network for noise level gamma in [0, 1]: 25 * (log-SNR + 15), from 0
 * (noise) to 750 (clean), or gamma itself. log-SNR = ln(gamma / (1 - gamma)).
 */
export function noiseEmbeddingInput(
  { embedding }: Pick<NetworkConfig, "embedding">,
  gamma: number,
): number {
  if (!(gamma >= 0 && gamma <= 1)) throw new RangeError(`gamma ${gamma} is not between 0 and 1`);
  if (embedding === "gamma") return gamma;
  const clamped = Math.min(LOG_SNR_LIMIT, Math.max(-LOG_SNR_LIMIT, logSnr(gamma)));
  return UNITS_PER_NAT * (clamped + LOG_SNR_LIMIT);
}

/**
 * The U-Net: an encoder of levels that halve the resolution, a middle, and a decoder that sees the
 * encoder's maps again. Its input is the source image x beside the noisy image y_t; what it
 * predicts (epsilon, v or y_0) is the training's business.
 */
import { concat, depthToSpace, Graph, silu, spaceToDepth, type Tensor } from "../graph/index.ts";
import { selfAttention } from "./attention.ts";
import { sideOf, type UNetConfig, usesAttention } from "./config.ts";
import { channelsOf, fromPhases, joinChannels, toPhases } from "./feature-map.ts";
import { convolution, groupNorm, linear, Scope, sinusoids } from "./layers.ts";
import { outputSkip, outputsPerChannel } from "./output-skip.ts";
import { DeclaredParameters, type ParameterSpec, type Parameters } from "./parameters.ts";
import { plainly, rematerialized } from "./rematerialized.ts";
import { type ResidualLayer, resampled, residualBlock } from "./residual-block.ts";

export interface UNetInputs {
  /** The condition x, [N,C,H,W]. */
  readonly source: Tensor;
  /** The noisy image y_t, [N,C,H,W]. */
  readonly noisy: Tensor;
  /** `noiseEmbeddingInput` of each image, [N]. */
  readonly level: Tensor;
}

/**
 * The network's output, [N,C,H,W].
 * @param options.recompute the backward pass computes each block anew instead of keeping its maps
 */
export function uNet(
  config: UNetConfig,
  parameters: Parameters,
  inputs: UNetInputs,
  { recompute = false }: { readonly recompute?: boolean } = {},
): Tensor {
  const root = new Scope(parameters);
  const { base, groups, multipliers } = config;
  const embedding = embedLevel(root, config, inputs.level);
  const raw = toPhases(spaceToDepth(concat([inputs.source, inputs.noisy], 1), config.stem));

  const run = recompute ? rematerialized : plainly;
  const residual = (
    scope: Scope,
    maps: readonly Tensor[],
    layer: Omit<ResidualLayer, "groups">,
  ): Tensor => residualBlock(scope, maps, embedding, { groups, ...layer }, run);
  const attend = (scope: Scope, map: Tensor): Tensor =>
    run(scope, [map], (place, x) => attention(place, x!, config));
  const stage = (scope: Scope, level: number, i: number, maps: readonly Tensor[]): Tensor => {
    const channels = base * multipliers[level]!;
    const wide = config.attention.includes(sideOf(config, level));
    const dilation = wide && config.context === "dilated-convolutions" ? 2 ** i : 1;
    const h = residual(scope.at("block", i), maps, { channels, dilation });
    return wide && usesAttention(config) ? attend(scope.at("attention", i), h) : h;
  };
  const resample = (scope: Scope, x: Tensor, direction: "down" | "up"): Tensor => {
    const channels = channelsOf(x);
    if (config.resampling === "block")
      return residual(scope, [x], { channels, resample: direction });
    return direction === "down"
      ? convolution(scope, x, channels, { stride: 2 })
      : convolution(scope, resampled(x, "up"), channels);
  };

  let h = convolution(root.at("in"), raw, base * multipliers[0]!);
  const skips = [h];
  multipliers.forEach((_, level) => {
    const scope = root.at("down", level);
    for (let i = 0; i < encoderBlocks(config, level); i++) {
      h = stage(scope, level, i, [h]);
      if (i < config.blocks) skips.push(h);
    }
    if (level < multipliers.length - 1) {
      h = resample(scope.at("resample"), h, "down");
      skips.push(h);
    }
  });

  const middle = { channels: channelsOf(h) };
  h = residual(root.at("middle.block.0"), [h], middle);
  if (usesAttention(config)) h = attend(root.at("middle.attention"), h);
  h = residual(root.at("middle.block.1"), [h], middle);

  for (let level = multipliers.length - 1; level >= 0; level--) {
    const scope = root.at("up", level);
    for (let i = 0; i <= config.blocks; i++) h = stage(scope, level, i, [h, skips.pop()!]);
    if (level > 0) h = resample(scope.at("resample"), h, "up");
  }

  h = silu(groupNorm(root.at("out.norm"), h, groups));
  const last = config.rejoin === false ? h : joinChannels([h, raw]);
  const channels = config.channels * config.stem ** 2 * outputsPerChannel(config);
  const output = convolution(root.at("out.conv"), last, channels, { zero: true });
  const pixels = depthToSpace(fromPhases(output), config.stem);
  return outputSkip(pixels, inputs, config);
}

/**
 * Table 5's variants without attention have twice the blocks at the attention's resolutions. Read
 * as the encoder's blocks: that gives 597M parameters where the paper says 603M and 624M, doubling
 * the decoder's too would give 744M.
 */
function encoderBlocks(config: UNetConfig, level: number): number {
  const doubled = !usesAttention(config) && config.attention.includes(sideOf(config, level));
  return config.blocks * (doubled ? 2 : 1);
}

function attention(scope: Scope, x: Tensor, config: UNetConfig): Tensor {
  const { groups, headChannels } = config;
  return selfAttention(scope, x, {
    groups,
    headChannels,
    local: config.context === "local-attention",
  });
}

function embedLevel(root: Scope, config: UNetConfig, level: Tensor): Tensor {
  const width = 4 * config.base;
  const hidden = linear(root.at("embed.0"), sinusoids(level, config.base), width);
  return linear(root.at("embed.1"), silu(hidden), width);
}

/** The network's inputs as inputs of a graph, for a batch of n images of the given size. */
export function uNetInputs(
  graph: Graph,
  config: UNetConfig,
  n: number,
  [height, width]: readonly [number, number] = [config.resolution, config.resolution],
): UNetInputs {
  const image = [n, config.channels, height, width];
  return {
    source: graph.input("source", image),
    noisy: graph.input("noisy", image),
    level: graph.input("level", [n]),
  };
}

/** Every parameter of the network, in the order of the flat vector. */
export function parameterSpecs(config: UNetConfig): ParameterSpec[] {
  const graph = new Graph();
  const declared = new DeclaredParameters(graph);
  uNet(config, declared, uNetInputs(graph, config, 1));
  return declared.specs;
}

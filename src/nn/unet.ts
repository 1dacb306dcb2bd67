/**
 * The U-Net: an encoder whose stages halve the resolution, a middle, and a decoder that takes the
 * encoder's maps again. Its input is the source image x and the noisy image y_t, with their
 * channels concatenated. The training decides what it predicts: epsilon, v or y_0.
 */
import {
  concat,
  depthToSpace,
  type FeatureMap,
  int8Lowering,
  lowerings,
  spaceToDepth,
  type Tensor,
} from "../graph/index.ts";
import { selfAttention } from "./attention.ts";
import { sideOf, type UNetConfig, usesAttention } from "./config.ts";
import { concatChannels, silu } from "./feature-map.ts";
import { convolution, groupNormSilu, linear, Scope, sinusoids } from "./layers.ts";
import type { BuildOptions, NetworkInputs } from "./network.ts";
import { outputSkip, outputsPerChannel } from "./output-skip.ts";
import type { Parameters } from "./parameters.ts";
import { plainly, rematerialized } from "./rematerialized.ts";
import { type ResidualLayer, residualBlock } from "./residual-block.ts";

/** The network's output, [N,C,H,W]. */
export function uNet(
  config: UNetConfig,
  parameters: Parameters,
  inputs: NetworkInputs,
  { recompute = false, lowering: name = "cpu", quantization }: BuildOptions = {},
): Tensor {
  const lowering = quantization ? int8Lowering(quantization) : lowerings[name];
  const root = new Scope(parameters);
  const { base, groups, multipliers } = config;
  const embedding = embedNoiseLevel(root, config, inputs.conditioning);
  const pair = concat([inputs.source, inputs.noisy], 1);
  const raw = lowering.fromTensor(spaceToDepth(pair, config.stem));

  const run = recompute ? rematerialized : plainly;
  const residual = (
    scope: Scope,
    maps: readonly FeatureMap[],
    layer: Omit<ResidualLayer, "groups">,
  ): FeatureMap => residualBlock(scope, maps, embedding, { groups, ...layer }, run);
  const attend = (scope: Scope, map: FeatureMap): FeatureMap =>
    run(scope, { maps: [map] }, (place, x) => attention(place, x.maps[0]!, config));
  const blockOf = (
    scope: Scope,
    stage: number,
    i: number,
    maps: readonly FeatureMap[],
  ): FeatureMap => {
    const channels = base * multipliers[stage]!;
    const wide = config.attention.includes(sideOf(config, stage));
    const dilation = wide && config.context === "dilated-convolutions" ? 2 ** i : 1;
    const h = residual(scope.at("block", i), maps, { channels, dilation });
    return wide && usesAttention(config) ? attend(scope.at("attention", i), h) : h;
  };
  const resample = (scope: Scope, x: FeatureMap, direction: "down" | "up"): FeatureMap => {
    const channels = x.shape[1];
    if (config.resampling === "block")
      return residual(scope, [x], { channels, resample: direction });
    return direction === "down"
      ? convolution(scope, x, channels, { stride: 2 })
      : convolution(scope, x, channels, { upsampled: true });
  };

  let h = convolution(root.at("in"), raw, base * multipliers[0]!);
  const skips = [h];
  multipliers.forEach((_, stage) => {
    const scope = root.at("down", stage);
    for (let i = 0; i < encoderBlocks(config, stage); i++) {
      h = blockOf(scope, stage, i, [h]);
      if (i < config.blocks) skips.push(h);
    }
    if (stage < multipliers.length - 1) {
      h = resample(scope.at("resample"), h, "down");
      skips.push(h);
    }
  });

  const middle = { channels: h.shape[1] };
  h = residual(root.at("middle.block.0"), [h], middle);
  if (usesAttention(config)) h = attend(root.at("middle.attention"), h);
  h = residual(root.at("middle.block.1"), [h], middle);

  for (let stage = multipliers.length - 1; stage >= 0; stage--) {
    const scope = root.at("up", stage);
    for (let i = 0; i <= config.blocks; i++) h = blockOf(scope, stage, i, [h, skips.pop()!]);
    if (stage > 0) h = resample(scope.at("resample"), h, "up");
  }

  h = groupNormSilu(root.at("out.norm"), h, groups);
  const last = config.outputSkip === "none" ? h : concatChannels([h, raw]);
  const channels = config.channels * config.stem ** 2 * outputsPerChannel(config);
  const output = convolution(root.at("out.conv"), last, channels, { zero: true });
  const pixels = depthToSpace(lowering.toTensor(output), config.stem);
  return outputSkip(pixels, inputs, config);
}

/**
 * Table 5's variants without attention have twice the blocks at the attention's resolutions. Read
 * as the encoder's blocks: that gives 597M parameters where the paper says 603M and 624M, doubling
 * the decoder's too would give 744M.
 */
function encoderBlocks(config: UNetConfig, stage: number): number {
  const doubled = !usesAttention(config) && config.attention.includes(sideOf(config, stage));
  return config.blocks * (doubled ? 2 : 1);
}

function attention(scope: Scope, x: FeatureMap, config: UNetConfig): FeatureMap {
  const { groups, headChannels } = config;
  return selfAttention(scope, x, {
    groups,
    headChannels,
    local: config.context === "local-attention",
  });
}

function embedNoiseLevel(root: Scope, config: UNetConfig, conditioning: Tensor): Tensor {
  const width = 4 * config.base;
  const hidden = linear(root.at("embed.0"), sinusoids(conditioning, config.base), width);
  return linear(root.at("embed.1"), silu(hidden), width);
}

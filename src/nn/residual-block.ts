/** ADM's residual block, which can also change the resolution. */
import { add, averagePool, silu, type Tensor, upsample } from "../graph/index.ts";
import { channelsOf, onPlain } from "./feature-map.ts";
import { convolution, groupNorm, linear, type Scope } from "./layers.ts";

export interface ResidualLayer {
  readonly channels: number;
  readonly groups: number;
  readonly resample?: "down" | "up";
  readonly dilation?: number;
}

/**
 * A feature map x and the embedded noise level [N,E] to a feature map of `channels` channels. The
 * second convolution starts as zero, so that the block starts as its skip path.
 */
export function residualBlock(
  scope: Scope,
  x: Tensor,
  embedding: Tensor,
  { channels, groups, resample, dilation = 1 }: ResidualLayer,
): Tensor {
  const change = (map: Tensor) => (resample === undefined ? map : resampled(map, resample));
  let h = silu(groupNorm(scope.at("norm1"), x, groups));
  h = convolution(scope.at("conv1"), change(h), channels, { dilation });
  const modulation = linear(scope.at("embed"), silu(embedding), 2 * channels);
  h = silu(groupNorm(scope.at("norm2"), h, groups, modulation));
  h = convolution(scope.at("conv2"), h, channels, { dilation, zero: true });
  const moved = change(x);
  const skip =
    channelsOf(x) === channels
      ? moved
      : convolution(scope.at("skip"), moved, channels, { kernel: 1 });
  return add(skip, h);
}

/** A feature map at half or twice the resolution: means of 2x2 pixels, or each pixel repeated. */
export function resampled(x: Tensor, direction: "down" | "up"): Tensor {
  return onPlain(x, direction === "down" ? averagePool : upsample);
}

/** ADM's residual block, which can also change the resolution. */
import { add, averagePool, silu, type Tensor, upsample } from "../graph/index.ts";
import { convolution, groupNorm, linear, type Scope } from "./layers.ts";

export interface ResidualLayer {
  readonly channels: number;
  readonly groups: number;
  readonly resample?: "down" | "up";
  readonly dilation?: number;
}

/**
 * x [N,C,H,W] and the embedded noise level [N,E] to [N,channels,H',W']. The second convolution
 * starts as zero, so that the block starts as its skip path.
 */
export function residualBlock(
  scope: Scope,
  x: Tensor,
  embedding: Tensor,
  { channels, groups, resample, dilation = 1 }: ResidualLayer,
): Tensor {
  const change = resample === undefined ? same : resample === "down" ? averagePool : upsample;
  let h = silu(groupNorm(scope.at("norm1"), x, groups));
  h = convolution(scope.at("conv1"), change(h), channels, { dilation });
  const modulation = linear(scope.at("embed"), silu(embedding), 2 * channels);
  h = silu(groupNorm(scope.at("norm2"), h, groups, modulation));
  h = convolution(scope.at("conv2"), h, channels, { dilation, zero: true });
  const moved = change(x);
  const skip =
    x.shape[1] === channels ? moved : convolution(scope.at("skip"), moved, channels, { kernel: 1 });
  return add(skip, h);
}

function same(x: Tensor): Tensor {
  return x;
}

/** ADM's residual block, which can also change the resolution. */
import { add, averagePool, silu, type Tensor, upsample } from "../graph/index.ts";
import { channelsOf, joinChannels, onPlain } from "./feature-map.ts";
import { convolution, groupNorm, linear, type Scope } from "./layers.ts";
import { plainly, type Run } from "./rematerialized.ts";

export interface ResidualLayer {
  readonly channels: number;
  readonly groups: number;
  readonly resample?: "down" | "up";
  readonly dilation?: number;
}

/**
 * A feature map x (given as maps whose channels are joined) and the embedded noise level [N,E] to a
 * feature map of `channels` channels. The second convolution starts as zero, so that the block starts as
 * its skip path.
 * @param run how its parts are carried out; see `rematerialized`
 */
export function residualBlock(
  scope: Scope,
  maps: readonly Tensor[],
  embedding: Tensor,
  { channels, groups, resample, dilation = 1 }: ResidualLayer,
  run: Run = plainly,
): Tensor {
  const change = (map: Tensor) => (resample === undefined ? map : resampled(map, resample));
  let h = run(scope, maps, (place, ...parts) => {
    const normed = silu(groupNorm(place.at("norm1"), joinChannels(parts), groups));
    return convolution(place.at("conv1"), change(normed), channels, { dilation });
  });
  h = run(scope, [h, embedding], (place, map, level) => {
    const modulation = linear(place.at("embed"), silu(level!), 2 * channels);
    const normed = silu(groupNorm(place.at("norm2"), map!, groups, modulation));
    return convolution(place.at("conv2"), normed, channels, { dilation, zero: true });
  });
  const incoming = maps.reduce((sum, map) => sum + channelsOf(map), 0);
  const skip = run(scope, maps, (place, ...parts) => {
    const moved = change(joinChannels(parts));
    return incoming === channels
      ? moved
      : convolution(place.at("skip"), moved, channels, { kernel: 1 });
  });
  return add(skip, h);
}

/** A feature map at half or twice the resolution: means of 2x2 pixels, or each pixel repeated. */
export function resampled(x: Tensor, direction: "down" | "up"): Tensor {
  return onPlain(x, direction === "down" ? averagePool : upsample);
}
